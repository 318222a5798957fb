// Package app puts the service together: it is the one place that knows every
// part. New reads the configuration and binds the ports, Run serves until its
// context ends and then stops the parts in the reverse of the order in which
// they were started, Reload applies the files anew, whole or not at all.
//
// Several Apps can live in one process: nothing here is global.
package app
