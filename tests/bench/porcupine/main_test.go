// What a history comes to, by hand-made ones: `go test` in this folder, with Porcupine in go.mod.
package main

import (
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
)

func holds(t *testing.T, model string, lines ...string) bool {
	t.Helper()
	history, err := load(strings.NewReader(strings.Join(lines, "\n")), model)
	if err != nil {
		t.Fatal(err)
	}
	with := porcupine.CheckOperations(modelOf(model, true), history)
	if porcupine.CheckOperations(modelOf(model, false), history) != with {
		t.Error("a Hash changes the verdict")
	}
	return with
}

func TestIntegersBeyondTheFloats(t *testing.T) {
	// Of these two a float64 makes one.
	write := `{"process":0,"f":"write","value":9007199254740992,"call":1,"return":2,"outcome":"ok"}`
	read := `{"process":0,"f":"read","value":9007199254740993,"call":3,"return":4,"outcome":"ok"}`
	if holds(t, "register", write, read) {
		t.Error("another value than was written is read")
	}
	read = `{"process":0,"f":"read","value":9007199254740992,"call":3,"return":4,"outcome":"ok"}`
	if !holds(t, "register", write, read) {
		t.Error("what was written is not read")
	}
}

func TestUnknownMayHappenAtAnyTime(t *testing.T) {
	write := `{"process":0,"f":"write","value":1,"call":1,"return":2,"outcome":"unknown"}`
	unset := `{"process":1,"f":"read","value":null,"call":3,"return":4,"outcome":"ok"}`
	set := `{"process":1,"f":"read","value":1,"call":5,"return":6,"outcome":"ok"}`
	if !holds(t, "register", write, unset, set) {
		t.Error("an unknown write has to happen before its return")
	}
	other := `{"process":1,"f":"read","value":2,"call":5,"return":6,"outcome":"unknown"}`
	if !holds(t, "register", write, unset, other) {
		t.Error("an unknown read says something")
	}
}

func TestListsAndObjectsAreValues(t *testing.T) {
	write := `{"process":0,"f":"write","value":[1,{"b":2,"a":3}],"call":1,"return":2,"outcome":"ok"}`
	same := `{"process":0,"f":"read","value":[1, {"a":3,"b":2}],"call":3,"return":4,"outcome":"ok"}`
	if !holds(t, "register", write, same) {
		t.Error("a list that was written is not read")
	}
	other := `{"process":0,"f":"read","value":[1,{"a":3}],"call":3,"return":4,"outcome":"ok"}`
	if holds(t, "register", write, other) {
		t.Error("another list than was written is read")
	}
}

func TestOtherValuesThanTextsAreNoneOfKv(t *testing.T) {
	put := `{"process":0,"f":"put","key":"x","value":["a"],"call":1,"return":2,"outcome":"ok"}`
	_, err := load(strings.NewReader(put), "kv")
	if err == nil || !strings.Contains(err.Error(), "operation 1") {
		t.Errorf("put of a list: %v", err)
	}
}
