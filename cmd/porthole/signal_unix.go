//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// onRefresh calls f at SIGUSR1, as authentik's own outposts refresh at it.
func onRefresh(f func()) (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-c:
				f()
			case <-done:
				return
			}
		}
	}()
	return func() { signal.Stop(c); close(done) }
}
