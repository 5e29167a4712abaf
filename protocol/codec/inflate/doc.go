// Package inflate reads zlib streams (RFC 1950, RFC 1951) whose state outlives a
// rectangle, as Zlib, ZRLE and Tight have them.
//
// It is an inflater of its own, and not compress/flate or klauspost/compress,
// because those read from an io.Reader until they are satisfied: a reader that has
// nothing more for now ends them for good. So a rectangle's bytes must be complete
// before the first is inflated, and the stream must be flushed in a way that they
// know (an empty stored block, Z_SYNC_FLUSH); Z_PARTIAL_FLUSH, which RFB allows as
// well, leaves them in the middle of a byte. Here input may end anywhere and
// everything that it decides is there at once. The output is read where it was
// decoded, without a copy, and nothing is allocated after the first use. It is
// faster as well, 1.3 to 5 times klauspost/compress in WebAssembly (text pixels 245
// MB/s against 184, photo 167 against 32, palette indices 426 against 97;
// compress/flate 119, 30 and 77), 1.3 to 4 times natively.
//
// The Adler-32 checksum, which only a stream that ends has, is not compared.
package inflate
