package mcs_test

import (
	"bytes"
	"testing"

	"github.com/porthole-rac/porthole/protocol/rdp/mcs"
)

// The examples of MS-RDPBCGR 4.1.5 to 4.1.8 and 4.2.3, without the frames.
func TestExamples(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got, want []byte
	}{
		{"erect domain", mcs.AppendErectDomain(nil), []byte{0x04, 1, 0, 1, 0}},
		{"attach request", mcs.AppendAttachRequest(nil), []byte{0x28}},
		{"attach confirm", mcs.AppendAttachConfirm(nil, 0, 1007), []byte{0x2e, 0, 0, 6}},
		{"join request", mcs.AppendJoinRequest(nil, 1007, 1003), []byte{0x38, 0, 6, 3, 0xeb}},
		{"join confirm", mcs.AppendJoinConfirm(nil, 0, 1007, 1003), []byte{0x3e, 0, 0, 6, 3, 0xeb, 3, 0xeb}},
		{"disconnect", mcs.AppendDisconnect(nil, mcs.UserRequested), []byte{0x21, 0x80}},
	} {
		if !bytes.Equal(tt.got, tt.want) {
			t.Errorf("%s: got %x, want %x", tt.name, tt.got, tt.want)
		}
	}
	for _, tt := range []struct {
		b    []byte
		want mcs.Message
	}{
		{[]byte{0x2e, 0, 0, 6}, mcs.Message{Kind: mcs.AttachConfirm, Initiator: 1007}},
		{[]byte{0x2c, 0x50}, mcs.Message{Kind: mcs.AttachConfirm, Result: 5}},
		{[]byte{0x3e, 0, 0, 6, 3, 0xeb, 3, 0xeb}, mcs.Message{Kind: mcs.JoinConfirm, Initiator: 1007, Channel: 1003}},
		{[]byte{0x38, 0, 6, 3, 0xeb}, mcs.Message{Kind: mcs.JoinRequest, Initiator: 1007, Channel: 1003}},
		{[]byte{0x21, 0x80}, mcs.Message{Kind: mcs.Disconnect, Reason: mcs.UserRequested}},
		{[]byte{0x21, 0x00}, mcs.Message{Kind: mcs.Disconnect, Reason: mcs.TokenPurged}},
		{[]byte{0x68, 0, 1, 3, 0xeb, 0x70, 2, 'h', 'i'}, mcs.Message{Kind: mcs.Data, Initiator: 1002, Channel: 1003, Data: []byte("hi")}},
		{[]byte{0x68, 0, 1, 3, 0xeb, 0x70, 0x80, 2, 'h', 'i'}, mcs.Message{Kind: mcs.Data, Initiator: 1002, Channel: 1003, Data: []byte("hi")}},
	} {
		got, err := mcs.Parse(tt.b)
		if err != nil || got.Kind != tt.want.Kind || got.Initiator != tt.want.Initiator || got.Channel != tt.want.Channel || got.Reason != tt.want.Reason ||
			got.Result != tt.want.Result || !bytes.Equal(got.Data, tt.want.Data) {
			t.Errorf("%x: %+v, %v", tt.b, got, err)
		}
	}
}

func TestLyingLengths(t *testing.T) {
	for _, b := range [][]byte{{}, {0x68}, {0x68, 0, 1, 3, 0xeb, 0x70, 3, 'h', 'i'}, {0x68, 0, 1, 3, 0xeb, 0x70, 0xff, 0xff}, {0x3e, 0, 0}, {0x21}, {0xff, 0}} {
		if m, err := mcs.Parse(b); err == nil {
			t.Errorf("%x: %+v", b, m)
		}
	}
}

func TestDataOfEverySize(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 16383, 16384, 32767} {
		b, err := mcs.EndData(append(mcs.BeginRequest(nil, 1007, 1004), make([]byte, n)...), 0)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := mcs.Parse(b); err != nil || len(m.Data) != n || m.Channel != 1004 || m.Initiator != 1007 {
			t.Errorf("%d: %v", n, err)
		}
	}
	if _, err := mcs.EndData(append(mcs.BeginRequest(nil, 1007, 1004), make([]byte, 32768)...), 0); err == nil {
		t.Error("too long")
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte{0x68, 0, 1, 3, 0xeb, 0x70, 2, 'h', 'i'})
	f.Add(mcs.AppendConnectResponse(nil, 0, []byte("gcc")))
	f.Add(mcs.AppendConnectInitial(nil, []byte("gcc")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := mcs.Parse(b); err == nil && len(m.Data) > len(b) {
			t.Error("more data than there is")
		}
		_, _ = mcs.ParseConnectInitial(b)
		_, _ = mcs.ParseConnectResponse(b)
	})
}
