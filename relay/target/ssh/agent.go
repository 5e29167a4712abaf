package ssh

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Agent forwarding (draft-miller-ssh-agent): the relay is the agent. It holds
// nothing but the endpoint's key and certificate, signs with them, and does
// nothing else that the other side may ask for.

const (
	maxAgentChannels = 32       // that are open at once; ansible opens many
	maxAgentRequest  = 64 << 10 // bytes; what is signed is a few hundred
)

var errAgent = errors.New("this agent only lists and signs")

// signOnly is an agent that the other side cannot change.
type signOnly struct{ agent.ExtendedAgent }

func (signOnly) Add(agent.AddedKey) error       { return errAgent }
func (signOnly) Remove(ssh.PublicKey) error     { return errAgent }
func (signOnly) RemoveAll() error               { return errAgent }
func (signOnly) Lock([]byte) error              { return errAgent }
func (signOnly) Unlock([]byte) error            { return errAgent }
func (signOnly) Signers() ([]ssh.Signer, error) { return nil, errAgent }
func (signOnly) Extension(string, []byte) ([]byte, error) {
	return nil, agent.ErrExtensionUnsupported
}

// forwardAgent serves the agent on channels that the server opens, until the
// connection ends. running counts its goroutines.
func forwardAgent(client *ssh.Client, channel ssh.Channel, cred *credentials, running *sync.WaitGroup) error {
	keys, ok := agent.NewKeyring().(agent.ExtendedAgent)
	if !ok {
		return errors.New("the keyring cannot sign as asked")
	}
	err := keys.Add(agent.AddedKey{PrivateKey: cred.rawKey, Comment: "porthole"})
	if err == nil && cred.cert != nil {
		err = keys.Add(agent.AddedKey{PrivateKey: cred.rawKey, Certificate: cred.cert, Comment: "porthole"})
	}
	if err != nil {
		return fmt.Errorf("add key to agent: %w", err)
	}
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
					serveAgent(nc, signOnly{keys})
				})
			default:
				_ = nc.Reject(ssh.ResourceShortage, "too many agent connections")
			}
		}
	})
	ok, err = channel.SendRequest("auth-agent-req@openssh.com", true, nil)
	if err == nil && !ok {
		err = errors.New("request refused")
	}
	if err != nil {
		return fmt.Errorf("request agent forwarding: %w", err)
	}
	return nil
}

func serveAgent(nc ssh.NewChannel, keys agent.Agent) {
	ch, requests, err := nc.Accept()
	if err != nil {
		return
	}
	var rest sync.WaitGroup
	rest.Go(func() { ssh.DiscardRequests(requests) })
	rest.Go(func() { _, _ = io.Copy(io.Discard, ch.Stderr()) })
	_ = agent.ServeAgent(keys, &bounded{ReadWriter: ch})
	_ = ch.Close()
	rest.Wait()
}

// bounded refuses long requests before anybody makes room for them.
type bounded struct {
	io.ReadWriter
	left int // bytes of the current request
}

// Read gives the length of a request, then its body, and never both in one.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left > 0 {
		n, err := b.ReadWriter.Read(p[:min(len(p), b.left)])
		b.left -= n
		return n, err
	}
	if len(p) != 4 {
		return 0, errors.New("agent: unexpected read")
	}
	if _, err := io.ReadFull(b.ReadWriter, p); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(p)
	if n > maxAgentRequest {
		return 0, fmt.Errorf("agent: request of %d bytes", n)
	}
	b.left = int(n)
	return len(p), nil
}
