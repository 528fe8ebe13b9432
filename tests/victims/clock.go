// SPDX-License-Identifier: MIT

// A Go program: frame pointers, no unwind tables.
package main

import (
	"fmt"
	"syscall"
)

//go:noinline
func blocks(fd int) {
	var b [1]byte
	syscall.Syscall(syscall.SYS_READ, uintptr(fd), uintptr(b[0]), 0)
	syscall.Pause()
}

func main() {
	fmt.Println("ready")
	blocks(0)
}
