package ntlm

import (
	"slices"

	"github.com/porthole-rac/porthole/protocol/rdp/octets"
)

// Identifiers of pairs (MS-NLMP 2.2.2.1).
const (
	PairEnd         = 0
	PairComputer    = 1
	PairDomain      = 2
	PairDNSComputer = 3
	PairDNSDomain   = 4
	PairFlags       = 6
	PairTimestamp   = 7
	PairTarget      = 9
	PairBindings    = 10
)

// flagMIC in PairFlags says that the last message has a MIC.
const flagMIC = 2

// Pair is one attribute of the target.
type Pair struct {
	ID    uint16
	Value []byte
}

// maxPairs is more than there are identifiers.
const maxPairs = 64

// ParsePairs reads a list up to its end.
func ParsePairs(b []byte) ([]Pair, error) {
	r := octets.New(b)
	var pairs []Pair
	for len(pairs) < maxPairs {
		id, n := r.U16(), int(r.U16())
		value := r.Bytes(n)
		if r.Err() != nil {
			return nil, ErrMessage
		}
		if id == PairEnd {
			return pairs, nil
		}
		pairs = append(pairs, Pair{id, value})
	}
	return nil, ErrMessage
}

// AppendPairs appends a list with its end.
func AppendPairs(dst []byte, pairs []Pair) []byte {
	for _, p := range pairs {
		dst = append(octets.U16(octets.U16(dst, p.ID), uint16(len(p.Value))), p.Value...)
	}
	return octets.Zeros(dst, 4)
}

// Find gives the value of a pair, and whether there is one.
func Find(pairs []Pair, id uint16) ([]byte, bool) {
	i := slices.IndexFunc(pairs, func(p Pair) bool { return p.ID == id })
	if i < 0 {
		return nil, false
	}
	return pairs[i].Value, true
}

// set replaces a pair, or adds it.
func set(pairs []Pair, id uint16, value []byte) []Pair {
	pairs = slices.DeleteFunc(pairs, func(p Pair) bool { return p.ID == id })
	return append(pairs, Pair{id, value})
}
