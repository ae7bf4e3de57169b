package main

import (
	"os"
	"testing"

	"roster/internal/testkit"
)

// asProgram makes the test binary be the program itself, so that tests can
// start, signal and kill real processes of exactly the code under test.
const asProgram = "ROSTER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	testkit.Main(m)
}
