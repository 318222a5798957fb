// Package apitest is what the API stands in front of, as tests of it and of its
// clients want it: remediation, that is a Runner over a store in memory, a gateway of
// two members, two playbooks and actions on record in several states; and release
// gates that always say the same.
package apitest
