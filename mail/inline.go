package mail

import (
	"strings"
	"text/template/parse"
)

// inline puts the content of {{template "name" .}} in place of the call, all the way down: the built-in mails are made of some thirty
// small blocks, and half the cost of executing one would be the calls. What a template prints, and the file and line of its
// errors, stay the same.
func inline(list *parse.ListNode, lookup func(name string) *parse.Tree, within ...string) {
	if list == nil {
		return
	}
	var nodes []parse.Node
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TemplateNode:
			if body := inlinable(n, lookup, within); body != nil {
				inline(body, lookup, append(within, n.Name)...)
				nodes = append(nodes, body.Nodes...)
				continue
			}
		case *parse.IfNode:
			inline(n.List, lookup, within...)
			inline(n.ElseList, lookup, within...)
		}
		nodes = append(nodes, node)
	}
	list.Nodes = nodes
}

// inlinable returns a copy of the content that a call stands for, or nil when the call is not for the same dot, calls itself, or has
// variables, which would come to mean something else.
func inlinable(call *parse.TemplateNode, lookup func(name string) *parse.Tree, within []string) *parse.ListNode {
	if call.Pipe == nil || call.Pipe.String() != "." {
		return nil
	}
	for _, name := range within {
		if name == call.Name {
			return nil
		}
	}
	tree := lookup(call.Name)
	if tree == nil || tree.Root == nil || strings.Contains(tree.Root.String(), "$") {
		return nil
	}
	return tree.Root.CopyList()
}
