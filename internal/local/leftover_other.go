//go:build !linux

package local

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// leftovers finds the leader that the pid file names, if it still runs one of the server's programs,
// and its children.
func (s server) leftovers() []int {
	leader := readPID(s.pidFile)
	if leader == 0 {
		return nil
	}
	table, err := exec.Command("ps", "-axo", "pid=,ppid=,comm=").Output()
	if err != nil {
		return nil
	}
	var pids []int
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || !slices.Contains(s.names, strings.TrimSuffix(filepath.Base(fields[2]), ":")) {
			continue
		}
		pid, _ := strconv.Atoi(fields[0])
		parent, _ := strconv.Atoi(fields[1])
		if pid == leader || parent == leader {
			pids = append(pids, pid)
		}
	}
	return pids
}
