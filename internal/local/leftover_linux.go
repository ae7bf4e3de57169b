package local

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// leftovers finds the server's living processes: those of its names that work in its data folder.
func (s server) leftovers() []int {
	data, err := filepath.EvalSymlinks(s.data)
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir("/proc")
	leader := readPID(s.pidFile)
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || !s.named(pid) {
			continue
		}
		cwd, err := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		// A root without CAP_SYS_PTRACE may not look into another user's process; its pid must do.
		if cwd == data || os.IsPermission(err) && pid == leader {
			pids = append(pids, pid)
		}
	}
	return pids
}

// named says whether a process runs one of the server's programs and is no zombie.
func (s server) named(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return false
	}
	// "pid (comm) state ...", where comm may hold anything.
	text := string(stat)
	open, shut := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || shut < open || len(text) < shut+3 || text[shut+2] == 'Z' {
		return false
	}
	return slices.Contains(s.names, text[open+1:shut])
}
