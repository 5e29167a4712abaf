//go:build !unix

package main

// onRefresh does nothing where there is no SIGUSR1.
func onRefresh(func()) (stop func()) { return func() {} }
