// Package settings turns guacd's connection parameters into typed values.
//
// The names are the public interface for users of authentik and Guacamole: a
// map of strings, as authentik sends it. Guacd's rules hold: a name that is not
// known is accepted and reported, an empty value is unset, and a value that
// makes no sense is reported and the default used. Nothing here refuses a
// connection.
//
// Values that are secrets have the type [Secret], which does not print.
package settings
