// The file is empty, and lets a test declare a function of Argo Rollouts' without a
// body.
