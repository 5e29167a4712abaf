//go:build !malgo

package audio

import (
	"context"
	"io"
)

// Backend is what captures PulseAudio in this build. The tag malgo chooses the other.
const Backend = "native"

func openSource(ctx context.Context, cfg PulseConfig) (io.ReadCloser, error) {
	return openNative(ctx, cfg)
}
