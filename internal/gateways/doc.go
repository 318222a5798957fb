// Package gateways knows all kinds of gateways, by the names that playbooks
// give them: it checks their settings when documents are read, and opens their
// actuators when something is to be done.
package gateways
