package rfb

import (
	"crypto/cipher"
	"crypto/des"
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	challengeSize = 16
	// vncPassword is how many bytes of a password VncAuth uses.
	vncPassword = 8
	// maxField bounds names and passwords where the protocol has 32-bit lengths.
	maxField = 1024
)

// reversedDES is DES with the bits of each byte of the key reversed, as all of VNC
// has it (RFB, "VNC Authentication").
func reversedDES(key [8]byte) cipher.Block {
	for i := range key {
		key[i] = bits.Reverse8(key[i])
	}
	c, err := des.NewCipher(key[:])
	if err != nil {
		panic(err) // only of another length
	}
	return c
}

// vncResponse answers a challenge of VncAuth.
func vncResponse(password string, challenge [challengeSize]byte) [challengeSize]byte {
	var key [vncPassword]byte
	copy(key[:], password)
	c := reversedDES(key)
	c.Encrypt(challenge[:8], challenge[:8])
	c.Encrypt(challenge[8:], challenge[8:])
	return challenge
}

func (h *Handshake) readChallenge(b []byte) (Event, error) {
	challenge := [challengeSize]byte(b)
	return h.ask(Password, func(h *Handshake, c Credentials) error {
		response := vncResponse(c.Password, challenge)
		h.truncated = len(c.Password) > vncPassword
		h.out = append(h.out, response[:]...)
		h.expectResult()
		return nil
	}), nil
}

// answerXVP sends user and target before VncAuth. The specification ("xvp
// Authentication") has the server send them; the servers wait for the client's.
func (h *Handshake) answerXVP(c Credentials) error {
	if err := fieldsFit(0xff, c.Username, c.Target); err != nil {
		return err
	}
	h.out = append(h.out, byte(len(c.Username)), byte(len(c.Target)))
	h.out = append(append(h.out, c.Username...), c.Target...)
	h.then("challenge", challengeSize, func(h *Handshake, b []byte) (Event, error) {
		// Asked together with the name, so answered at once.
		response := vncResponse(c.Password, [challengeSize]byte(b))
		h.truncated = len(c.Password) > vncPassword
		h.out = append(h.out, response[:]...)
		h.expectResult()
		return nil, nil
	})
	return nil
}

// answerPlain sends name and password as they are (RFB, "Plain subtype" and "Tight
// Unix Login Authentication", which are the same).
func (h *Handshake) answerPlain(c Credentials) error {
	if err := fieldsFit(maxField, c.Username, c.Password); err != nil {
		return err
	}
	h.out = binary.BigEndian.AppendUint32(h.out, uint32(len(c.Username)))
	h.out = binary.BigEndian.AppendUint32(h.out, uint32(len(c.Password)))
	h.out = append(append(h.out, c.Username...), c.Password...)
	h.expectResult()
	return nil
}

// answerIdent sends the name alone (RFB, "Ident subtype").
func (h *Handshake) answerIdent(c Credentials) error {
	if err := fieldsFit(maxField, c.Username); err != nil {
		return err
	}
	h.out = binary.BigEndian.AppendUint32(h.out, uint32(len(c.Username)))
	h.out = append(h.out, c.Username...)
	h.expectResult()
	return nil
}

// fieldsFit compares fields with their bound, without saying what is in them.
func fieldsFit(most int, fields ...string) error {
	for _, f := range fields {
		if len(f) > most {
			return fmt.Errorf("rfb: name or password of %d bytes, the login takes at most %d", len(f), most)
		}
	}
	return nil
}
