// Package apitest is remediation as tests of the API and of its clients want it:
// a Runner over a store in memory, a gateway of two members, two playbooks, and
// actions on record in several states.
package apitest
