// Judges a history in sibyl's JSON Lines by Porcupine, and tells how long the check alone took.
// For the comparison in docs/checking.md; tests/tables/porcupine.py builds and runs it.
//
// Usage: porcupine [-model register|kv] [-seconds 20] [-hash] FILE
//
// Prints a line of JSON when the history is loaded, {"cpu_ms": so far, "peak_kb"}, and one behind
// the check, {"verdict": "holds|violated|none", "cpu_ms", "wall_ms": of the check, "peak_kb"}.
// "none": it had no answer after so many seconds of CPU time. Porcupine's own timeout, which it is
// not given, is one by the wall. Environment: GOMAXPROCS, the cores that it may use.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/anishathalye/porcupine"
)

// A line of the history.
type line struct {
	Process int
	F       string
	Key     string
	Value   interface{}
	Call    int64
	Return  *int64
	Outcome string
}

type function uint8

const (
	read  function = iota // also get
	write                 // also put
	appendTo
)

// What Porcupine hands to the model. Values are made interfaces here, once: a model that makes them
// one in each step is slower.
type input struct {
	key   int
	f     function
	value interface{}
}

var functions = map[string]map[string]function{
	"register": {"read": read, "write": write},
	"kv":       {"get": read, "put": write, "append": appendTo},
}

// A key is an object of its own, as in Porcupine's own tests.
func byKey(history []porcupine.Operation) [][]porcupine.Operation {
	var parts [][]porcupine.Operation
	for _, op := range history {
		key := op.Input.(input).key
		for key >= len(parts) {
			parts = append(parts, nil)
		}
		parts[key] = append(parts[key], op)
	}
	return parts
}

func modelOf(name string, hashes bool) porcupine.Model {
	seed := maphash.MakeSeed()
	model := porcupine.Model{
		Partition: byKey,
		Init:      func() interface{} { return nil },
		Step: func(state, in, out interface{}) (bool, interface{}) {
			op := in.(input)
			switch op.f {
			case read:
				return out == state, state
			case write:
				return true, op.value
			}
			return true, state.(string) + op.value.(string)
		},
	}
	if name == "kv" {
		model.Init = func() interface{} { return "" }
	}
	if hashes {
		model.Hash = func(state interface{}) uint64 {
			switch value := state.(type) {
			case string:
				return maphash.String(seed, value)
			case compound:
				return maphash.String(seed, string(value))
			case int64:
				return uint64(value) * 0x9e3779b97f4a7c15
			case float64:
				return math.Float64bits(value) * 0x9e3779b97f4a7c15
			}
			return 0
		}
	}
	return model
}

// A list or an object, as JSON writes it with its names sorted: what the model can compare.
type compound string

// A value as the model has it. An integer of 64 bits is one, and no float64, which is another from
// 2^53 on.
func valueOf(decoded interface{}) (interface{}, error) {
	switch value := decoded.(type) {
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole, nil
		}
		return value.Float64()
	case []interface{}, map[string]interface{}:
		text, err := json.Marshal(value)
		return compound(text), err
	}
	return decoded, nil
}

// What happened, in the order of the file. A write that never returned, or of which nobody knows
// whether it has happened, returns after all others; such a read says nothing, and what failed had
// no effect.
func load(from io.Reader, model string) ([]porcupine.Operation, error) {
	var history []porcupine.Operation
	var open []int
	var last int64
	keys := map[string]int{}
	lines := json.NewDecoder(bufio.NewReaderSize(from, 1<<20))
	lines.UseNumber()
	for number := 1; lines.More(); number++ {
		var l line
		if err := lines.Decode(&l); err != nil {
			return nil, fmt.Errorf("operation %d: %w", number, err)
		}
		f, known := functions[model][l.F]
		if !known {
			return nil, fmt.Errorf("operation %d: %q is no function of the model %s", number, l.F, model)
		}
		if l.Call > last {
			last = l.Call
		}
		isOpen := l.Return == nil || l.Outcome == "unknown"
		if l.Outcome == "fail" || (isOpen && f == read) {
			continue
		}
		value, err := valueOf(l.Value)
		if err != nil {
			return nil, fmt.Errorf("operation %d: %w", number, err)
		}
		if _, isText := value.(string); model == "kv" && !isText {
			return nil, fmt.Errorf("operation %d: the value of %q is no string", number, l.F)
		}
		key, known := keys[l.Key]
		if !known {
			key = len(keys)
			keys[l.Key] = key
		}
		op := porcupine.Operation{ClientId: l.Process, Call: l.Call, Input: input{key: key, f: f}}
		if f == read {
			op.Output = value
		} else {
			op.Input = input{key, f, value}
		}
		if !isOpen {
			op.Return = *l.Return
			if op.Return > last {
				last = op.Return
			}
		} else {
			open = append(open, len(history))
		}
		history = append(history, op)
	}
	for _, i := range open {
		history[i].Return = last + 1
	}
	return history, nil
}

// CPU time of the process, in ms.
func used() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

// The most memory that this process had, in KiB; what Getrusage tells may be its parent's.
func peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	var kib int64
	for _, line := range strings.Split(string(status), "\n") {
		fmt.Sscanf(line, "VmHWM: %d", &kib)
	}
	return kib
}

// A measurement that has begun.
type measurement struct {
	cpu  float64
	wall time.Time
}

func begin() measurement {
	runtime.GC()
	cpu := used()
	fmt.Printf("{\"cpu_ms\":%.3f,\"peak_kb\":%d}\n", cpu, peak())
	return measurement{cpu, time.Now()}
}

// Ends the program, the first time that it is called.
func (m measurement) end(verdict string) {
	cpu := used()
	wall := time.Since(m.wall)
	once.Do(func() {
		fmt.Printf("{\"verdict\":%q,\"cpu_ms\":%.3f,\"wall_ms\":%.3f,\"peak_kb\":%d}\n",
			verdict, cpu-m.cpu, float64(wall.Nanoseconds())/1e6, peak())
		os.Exit(0)
	})
}

// Ends it after so many seconds of CPU time.
func (m measurement) watch(seconds float64) {
	for {
		time.Sleep(20 * time.Millisecond)
		if used()-m.cpu > 1000*seconds {
			m.end("none")
		}
	}
}

var once sync.Once

func main() {
	model := flag.String("model", "register", "register or kv")
	seconds := flag.Float64("seconds", 20, "of CPU time, after which it gives up")
	hashes := flag.Bool("hash", false, "the model has a Hash (Porcupine 1.3)")
	flag.Parse()
	if flag.NArg() != 1 || functions[*model] == nil {
		flag.Usage()
		os.Exit(64)
	}
	file, err := os.Open(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(74)
	}
	history, err := load(file, *model)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", flag.Arg(0), err)
		os.Exit(65)
	}
	measured := begin()
	go measured.watch(*seconds)
	if porcupine.CheckOperations(modelOf(*model, *hashes), history) {
		measured.end("holds")
	}
	measured.end("violated")
}
