package ssh

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"
)

// Agent forwarding (draft-ietf-sshm-ssh-agent): the relay is the agent. It holds
// nothing but the endpoint's key and certificate. It lists them and signs with
// them, and does nothing else that the other side may ask for.

const (
	maxAgentChannels = 32       // that are open at once; ansible opens many
	maxAgentRequest  = 64 << 10 // bytes; what is signed is a few hundred
)

// Messages and flags of the protocol (§5.1, §6.3).
const (
	agentFailure    = 5
	agentList       = 11
	agentIdentities = 12
	agentSign       = 13
	agentSignature  = 14

	agentRSASHA256 = 2
	agentRSASHA512 = 4
)

// identity is a key as the agent shows it, bare or in a certificate.
type identity struct {
	blob   []byte
	signer ssh.AlgorithmSigner
}

func (c *credentials) identities() []identity {
	signer, ok := c.bare.(ssh.AlgorithmSigner)
	if !ok {
		return nil
	}
	var all []identity
	for _, s := range c.signers {
		all = append(all, identity{s.PublicKey().Marshal(), signer})
	}
	return all
}

// forwardAgent serves the agent on channels that the server opens, until the
// connection ends. running counts its goroutines.
func forwardAgent(client *ssh.Client, channel ssh.Channel, keys []identity, running *sync.WaitGroup) error {
	incoming := client.HandleChannelOpen("auth-agent@openssh.com")
	if incoming == nil {
		return errors.New("an agent is served already")
	}
	slots := make(chan struct{}, maxAgentChannels)
	running.Go(func() {
		for nc := range incoming {
			select {
			case slots <- struct{}{}:
				running.Go(func() {
					defer func() { <-slots }()
					serveAgent(nc, keys)
				})
			default:
				_ = nc.Reject(ssh.ResourceShortage, "too many agent connections")
			}
		}
	})
	ok, err := channel.SendRequest("auth-agent-req@openssh.com", true, nil)
	if err == nil && !ok {
		err = errRefused
	}
	if err != nil {
		return fmt.Errorf("request agent forwarding: %w", err)
	}
	return nil
}

func serveAgent(nc ssh.NewChannel, keys []identity) {
	ch, requests, err := nc.Accept()
	if err != nil {
		return
	}
	var rest sync.WaitGroup
	rest.Go(func() { ssh.DiscardRequests(requests) })
	rest.Go(func() { _, _ = io.Copy(io.Discard, ch.Stderr()) })
	for err == nil {
		err = answerAgent(ch, keys)
	}
	_ = ch.Close()
	rest.Wait()
}

// answerAgent reads one request and answers it.
func answerAgent(ch io.ReadWriter, keys []identity) error {
	var length [4]byte
	if _, err := io.ReadFull(ch, length[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 || n > maxAgentRequest {
		return fmt.Errorf("agent request of %d bytes", n)
	}
	request := make([]byte, n)
	if _, err := io.ReadFull(ch, request); err != nil {
		return err
	}
	answer := agentAnswer(request, keys)
	_, err := ch.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(answer))), answer...))
	return err
}

func agentAnswer(request []byte, keys []identity) []byte {
	failure := []byte{agentFailure}
	switch request[0] {
	case agentList:
		answer := binary.BigEndian.AppendUint32([]byte{agentIdentities}, uint32(len(keys)))
		for _, k := range keys {
			answer = append(answer, ssh.Marshal(struct{ Blob, Comment string }{string(k.blob), "porthole"})...)
		}
		return answer
	case agentSign:
		var m struct {
			Blob, Data string
			Flags      uint32
		}
		if ssh.Unmarshal(request[1:], &m) != nil {
			return failure
		}
		for _, k := range keys {
			if !bytes.Equal(k.blob, []byte(m.Blob)) {
				continue
			}
			algorithm := k.signer.PublicKey().Type()
			if algorithm == ssh.KeyAlgoRSA {
				switch {
				case m.Flags&agentRSASHA512 != 0:
					algorithm = ssh.KeyAlgoRSASHA512
				case m.Flags&agentRSASHA256 != 0:
					algorithm = ssh.KeyAlgoRSASHA256
				}
			}
			sig, err := k.signer.SignWithAlgorithm(rand.Reader, []byte(m.Data), algorithm)
			if err != nil {
				return failure
			}
			return append([]byte{agentSignature}, ssh.Marshal(struct{ Signature string }{string(ssh.Marshal(sig))})...)
		}
	}
	return failure
}
