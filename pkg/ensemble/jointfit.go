package ensemble

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// fitModel fits the logit to counted patterns of k members by Newton's method
// with step halving; the ridge makes the maximum unique.
func fitModel(k int, patterns []*tallied, ridge float64) JointModel {
	d := 1 + k + k*(k-1)/2
	w := make([]float64, d)
	f := &jointFit{k: k, patterns: patterns, ridge: ridge}
	value, gradient, hessian := f.at(w, true)
	for range 50 {
		var chol mat.Cholesky
		if !chol.Factorize(hessian) {
			break
		}
		var step mat.VecDense
		if err := chol.SolveVecTo(&step, gradient); err != nil {
			break
		}
		next, size := make([]float64, d), 1.0
		better := false
		for range 20 {
			for i := range next {
				next[i] = w[i] + size*step.AtVec(i)
			}
			if v, _, _ := f.at(next, false); v > value {
				better = true
				break
			}
			size /= 2
		}
		if !better {
			break
		}
		before := value
		copy(w, next)
		value, gradient, hessian = f.at(w, true)
		if value-before < 1e-9*(1+math.Abs(value)) {
			break
		}
	}
	m := JointModel{Asked: k, Constant: w[0], Single: w[1 : k+1 : k+1], Pairs: w[k+1:], seen: map[Pattern]*tallied{}}
	for _, t := range patterns {
		m.seen[t.pattern] = t
		p := JointPattern{Pattern: t.pattern.text(k), Seen: int(t.n), Right: []int{}}
		for _, r := range t.right {
			p.Right = append(p.Right, int(r))
		}
		m.Patterns = append(m.Patterns, p)
	}
	return m
}

// jointFit is the penalised likelihood of the logit.
type jointFit struct {
	k        int
	patterns []*tallied
	ridge    float64
}

// features lists the weights that make the score of each block.
func (f *jointFit) features(p Pattern, blocks int) [][]int {
	out := make([][]int, blocks)
	for b := range out {
		out[b] = append(make([]int, 0, 8), 0)
	}
	pair := 1 + f.k
	for a := range f.k {
		block := p.Block(a)
		if block >= 0 {
			out[block] = append(out[block], 1+a)
		}
		for b := range a {
			if block >= 0 && p.Block(b) == block {
				out[block] = append(out[block], pair)
			}
			pair++
		}
	}
	return out
}

// at returns the penalised log-likelihood, and with derivatives its gradient and
// the negative of its Hessian.
func (f *jointFit) at(w []float64, derivatives bool) (float64, *mat.VecDense, *mat.SymDense) {
	d := len(w)
	gradient := make([]float64, d)
	hessian := make([]float64, d*d)
	value := 0.0
	for i, x := range w {
		penalty := f.ridge
		if i == 0 {
			penalty = f.ridge / 100
		}
		value -= penalty * x * x / 2
		gradient[i] -= penalty * x
		hessian[i*d+i] += penalty
	}
	for _, t := range f.patterns {
		blocks := len(t.right)
		features := f.features(t.pattern, blocks)
		p := make([]float64, blocks)
		top, none := 0.0, t.n
		for b := range p {
			for _, i := range features[b] {
				p[b] += w[i]
			}
			top = math.Max(top, p[b])
			value += t.right[b] * p[b]
			none -= t.right[b]
		}
		sum := math.Exp(-top)
		for b := range p {
			sum += math.Exp(p[b] - top)
		}
		value -= t.n * (top + math.Log(sum))
		if !derivatives {
			continue
		}
		softmax(p)
		f.derive(t, features, p, gradient, hessian)
	}
	if !derivatives {
		return value, nil, nil
	}
	return value, mat.NewVecDense(d, gradient), mat.NewSymDense(d, hessian)
}

// derive adds the derivatives of one pattern.
func (f *jointFit) derive(t *tallied, features [][]int, p, gradient, hessian []float64) {
	d := len(gradient)
	mean := make([]float64, d)
	var used []int
	for b, own := range features {
		for _, i := range own {
			gradient[i] += t.right[b] - t.n*p[b]
			if mean[i] == 0 {
				used = append(used, i)
			}
			mean[i] += p[b]
			for _, j := range own {
				hessian[i*d+j] += t.n * p[b]
			}
		}
	}
	for _, i := range used {
		for _, j := range used {
			hessian[i*d+j] -= t.n * mean[i] * mean[j]
		}
	}
}

// Folds assigns items to parts of about the same size by their groups: items of
// one group, such as repetitions, are never split. The assignment depends on the
// seed and the names alone. Items without a group are their own.
func Folds(groups []string, folds int, seed uint64) []int {
	out := make([]int, len(groups))
	if folds < 2 {
		return out
	}
	of := map[string]int{}
	for i, g := range groups {
		at, ok := of[g]
		if !ok {
			at = len(of)
			of[g] = at
		}
		out[i] = at
	}
	turn := shuffled(len(of), seed)
	for i := range out {
		out[i] = turn[out[i]] % folds
	}
	return out
}

// shuffled is a permutation drawn by a seed.
func shuffled(n int, seed uint64) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	state := seed
	for i := n - 1; i > 0; i-- {
		state += 0x9e3779b97f4a7c15 // SplitMix64
		x := state
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		j := int((x ^ x>>31) % uint64(i+1))
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// CrossFit calibrates a joint vote for each fold on the items of the others, so
// that no item votes with weights it helped to make.
func CrossFit(members []string, items []Labelled, fold []int, folds int, o JointOptions) ([]*Joint, error) {
	out := make([]*Joint, folds)
	for f := range out {
		rest := make([]Labelled, 0, len(items))
		for i, l := range items {
			if fold[i] != f {
				rest = append(rest, l)
			}
		}
		j, err := FitJoint(members, rest, o)
		if err != nil {
			return nil, err
		}
		out[f] = j
	}
	return out, nil
}
