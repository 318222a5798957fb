// The file is empty, and lets a test declare a function of Flagger's without a body.
