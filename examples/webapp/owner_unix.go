//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// isOurs says whether a file belongs to the user that this process acts for.
func isOurs(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// isOpenTo says whether a file's mode has any of the bits.
func isOpenTo(info fs.FileInfo, bits fs.FileMode) bool {
	return info.Mode().Perm()&bits != 0
}
