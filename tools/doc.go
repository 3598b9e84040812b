// Package tools holds no code: its module pins the tools of the developers.
package tools
