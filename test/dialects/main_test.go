package dialects

import "flag"

var scale = flag.Int("prove.scale", 1, "how many random documents to compare, in units of a short test; 10 are the long one")
