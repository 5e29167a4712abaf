package vnc

import "compress/zlib"

// leastDeflated is how many plain pixels are worth a zlib stream of their own.
const leastDeflated = 64

// deflater compresses plain pixels on their way, each rectangle for itself. It keeps
// nothing but the compressor's window.
type deflater struct {
	z   *zlib.Writer
	out *stream
}

// Write implements io.Writer for the compressor.
func (d *deflater) Write(p []byte) (int, error) {
	if err := d.out.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (d *deflater) begin(out *stream) {
	d.out = out
	if d.z == nil {
		// The fastest level: others halve the speed for a tenth of the size.
		d.z, _ = zlib.NewWriterLevel(d, zlib.BestSpeed)
		return
	}
	d.z.Reset(d)
}

func (d *deflater) write(p []byte) error {
	_, err := d.z.Write(p)
	return err
}

func (d *deflater) end() error { return d.z.Close() }

// free gives the compressor back, which is most of what a session has in memory.
func (d *deflater) free() { d.z, d.out = nil, nil }
