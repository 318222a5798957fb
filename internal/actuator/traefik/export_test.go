package traefik

// NameOf is what everything in a target's overlay is called.
var NameOf = nameOf
