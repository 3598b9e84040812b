package provider_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/crucible-go/crucible/internal/provider"
	"github.com/crucible-go/crucible/internal/provider/providertest"
	"github.com/crucible-go/crucible/pkg/events"
)

// TestMain lets the test binary be the program that exec asks.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "child" {
		child()
		return
	}
	os.Exit(m.Run())
}

// ask makes a request with one message.
func ask(content string, attempt int) *provider.Request {
	return &provider.Request{
		Provider: "p", Model: "m", Member: "member", Attempt: attempt,
		Order: &events.CallRequested{
			Role: events.RoleAnswer, Seed: 1<<63 + 12345,
			Messages: []events.Message{{Role: "user", Content: content}},
		},
	}
}

func withParams(content, params string) *provider.Request {
	r := ask(content, 1)
	r.Order.Params = []byte(params)
	return r
}

type childOrder struct {
	ID       string          `json:"id"`
	Model    string          `json:"model"`
	Params   json.RawMessage `json:"params"`
	Seed     json.Number     `json:"seed"`
	Messages []struct {
		Role, Content string
	} `json:"messages"`
}

// child is the program: the content of the message is what it does.
func child() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var o childOrder
		if err := json.Unmarshal(line, &o); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
		what, arg, _ := strings.Cut(o.Messages[len(o.Messages)-1].Content, " ")
		serve(what, arg, o)
	}
}

func serve(what, arg string, o childOrder) {
	say := func(v map[string]any) {
		v["id"] = o.ID
		b, _ := json.Marshal(v)
		fmt.Println(string(b))
	}
	switch what {
	case "echo":
		say(map[string]any{"text": arg, "usage": map[string]int{"input": 3, "output": 2}, "finish": "stop"})
	case "order":
		say(map[string]any{"text": fmt.Sprintf("%s %s %s", o.Model, o.Params, o.Seed), "model": "served"})
	case "env":
		say(map[string]any{"text": strings.Join(os.Environ(), "\n")})
	case "hang":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		r, _, _ := os.Pipe()
		_, _ = r.Read(make([]byte, 1)) // for ever
	case "family": // a grandchild that holds our streams
		cmd := exec.Command("sleep", "300")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		_ = cmd.Start()
		fmt.Fprintln(os.Stderr, "grandchild", cmd.Process.Pid)
		os.Exit(4)
	case "die":
		fmt.Fprintln(os.Stderr, "one\ntwo\nthree\nlast words with "+providertest.Key)
		os.Exit(3)
	case "chatter":
		for range 1000 {
			fmt.Fprintln(os.Stderr, strings.Repeat("x", 1000))
		}
		say(map[string]any{"text": "done"})
	case "huge":
		chunk := strings.Repeat("y", 1<<20)
		fmt.Print(`{"id":"` + o.ID + `","text":"`)
		for range 100 {
			fmt.Print(chunk)
		}
		fmt.Println(`"}`)
	case "garbage":
		fmt.Println("hello, I am no JSON")
	case "other":
		fmt.Println(`{"id":"0","text":"for somebody else"}`)
	case "neither":
		say(map[string]any{})
	case "empty":
		say(map[string]any{"text": ""})
	case "invalid":
		fmt.Printf("{\"id\":%q,\"text\":\"a\xff\xfeb\\u0000c\"}\n", o.ID)
	case "error":
		say(map[string]any{"error": "no: " + arg})
	case "busy":
		say(map[string]any{"error": map[string]any{"message": "busy", "class": arg, "retryable": true}})
	}
}
