package vnc

import "compress/zlib"

// leastDeflated is how many plain pixels are worth a zlib stream of their own.
const leastDeflated = 64

// deflater compresses plain pixels on their way, each rectangle for itself. It keeps
// nothing but the compressor's window.
type deflater struct {
	z   *zlib.Writer
	out *stream
	on  bool
}

// Write implements io.Writer for the compressor.
func (d *deflater) Write(p []byte) (int, error) {
	if err := d.out.write(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (d *deflater) begin(out *stream) {
	d.out, d.on = out, true
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

func (d *deflater) end() error {
	d.on = false
	return d.z.Close()
}

// abandon forgets the rectangle.
func (d *deflater) abandon() { d.on = false }
