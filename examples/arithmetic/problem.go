// Package arithmetic makes the example data set: word problems with worked
// answers, and answers of three simulated models to each. All of it follows
// from a seed, and none of it was written by a model or taken from elsewhere.
package arithmetic

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// amount is a number in hundredths, so that prices and shares stay exact.
type amount int64

const one amount = 100

func (a amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	switch {
	case a%100 == 0:
		return fmt.Sprintf("%s%d", sign, a/100)
	case a%10 == 0:
		return fmt.Sprintf("%s%d.%d", sign, a/100, a%100/10)
	}
	return fmt.Sprintf("%s%d.%02d", sign, a/100, a%100)
}

// operator is one of the steps' four operations or "percent of".
type operator byte

const (
	plus    operator = '+'
	minus   operator = '-'
	times   operator = '*'
	over    operator = '/'
	percent operator = '%' // the left operand's share of the right one
)

func (op operator) apply(a, b amount) amount {
	switch op {
	case plus:
		return a + b
	case minus:
		return a - b
	case times:
		return a * b / one
	case percent:
		return a * b / one / 100
	case over:
		if b == 0 {
			return 0
		}
		return a * one / b
	}
	panic("arithmetic: unknown operator " + string(op))
}

// operand is a number of the question or the result of an earlier step.
type operand struct {
	value amount
	step  int // of the earlier step, from 1; 0: value
}

func num(n int) operand       { return operand{value: amount(n) * one} }
func cents(n int) operand     { return operand{value: amount(n)} }
func result(step int) operand { return operand{step: step} }
func (o operand) of(results []amount) amount {
	if o.step == 0 {
		return o.value
	}
	return results[o.step-1]
}

// step is one line of a worked answer: what it finds, and how.
type step struct {
	finds string
	left  operand
	op    operator
	right operand
}

// problem is a question and the steps to its answer, which is the result of the
// last one.
type problem struct {
	question string
	steps    []step
}

// slip is a mistake in one step: the result is off, or the wrong operation is
// used, or the answer stops before its last step.
type slip struct {
	step int // from 0; -1: none
	kind slipKind
	by   amount
}

type slipKind int

const (
	slipNone slipKind = iota
	slipOff
	slipOperation
	slipStops
)

// work returns the result of every step, with the slip made in its step and
// carried on from there.
func (p *problem) work(s slip) []amount {
	results := make([]amount, 0, len(p.steps))
	for i, st := range p.steps {
		op := st.op
		if i == s.step && s.kind == slipOperation {
			op = confused(op)
		}
		v := op.apply(st.left.of(results), st.right.of(results))
		if i == s.step && s.kind == slipOff {
			v += s.by
		}
		results = append(results, v)
	}
	if s.kind == slipStops && len(results) > 1 {
		results = results[:len(results)-1]
	}
	return results
}

// answer is the last result of work.
func (p *problem) answer(s slip) amount {
	r := p.work(s)
	return r[len(r)-1]
}

// confused is the operation that is easily taken for op.
func confused(op operator) operator {
	switch op {
	case plus:
		return minus
	case minus:
		return plus
	case times:
		return plus
	case over:
		return times
	default:
		return times
	}
}

// sentence writes one step with the given results, which may contain a slip.
func (p *problem) sentence(i int, results []amount) string {
	st := p.steps[i]
	a, b := st.left.of(results), st.right.of(results)
	sum := fmt.Sprintf("%v %c %v", a, st.op, b)
	if st.op == percent {
		sum = fmt.Sprintf("%v%% of %v", a, b)
	}
	return fmt.Sprintf("%s: %s = %v.", upper(st.finds), sum, results[i])
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// between draws an integer from lo to hi, both included.
func between(r *rand.Rand, lo, hi int) int { return lo + r.IntN(hi-lo+1) }

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }
