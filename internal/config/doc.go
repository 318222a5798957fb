// Package config reads slo-engine.yaml and the SLO files it names.
//
// A configuration is decoded strictly on top of the defaults, then validated
// as a whole; every problem is reported at once with its line, field path and
// fix, and a configuration with problems is not returned at all. Keys that
// later versions will have are refused rather than ignored, so that nobody
// believes in a setting without effect.
//
// ${NAME} in string values is replaced by an environment variable after
// parsing, and $$ by a dollar; names of fields and SLO files are left alone.
// Relative paths start at the folder of the configuration file. Secrets are
// never printed.
package config
