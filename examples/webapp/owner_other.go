//go:build !unix

package main

import "io/fs"

// isOurs is always true, because files here have no owner and mode that Go
// could tell. On Windows the folder for temporary files, where the database is
// by default, is the user's own.
func isOurs(fs.FileInfo) bool { return true }

func isOpenTo(fs.FileInfo, fs.FileMode) bool { return false }
