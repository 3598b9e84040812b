package reporter

import (
	"bytes"
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/crucible-go/crucible/pkg/analysis"
)

// estimates are those of a metric with their intervals, a line for each condition;
// nil where there is nothing to draw.
func (r *Report) estimates(metric string) *Figure {
	f := &Figure{Name: metric}
	drawn := 0
	for _, c := range r.Analysis.Conditions {
		m, ok := c.Metrics[metric]
		if !ok || m.Estimate == nil {
			f.Points = append(f.Points, Point{Name: flat(c.Name, 28), Missing: true})
			continue
		}
		drawn++
		p := Point{Name: flat(c.Name, 28), Estimate: *m.Estimate, Low: *m.Estimate, High: *m.Estimate}
		if m.Low != nil && m.High != nil {
			p.Low, p.High = *m.Low, *m.High
		}
		f.Points = append(f.Points, p)
		f.Axis = axis(name(metric), m.Unit)
		f.Caption = fmt.Sprintf("%s of each condition, with its %s interval.", name(metric), percent(m.Level))
	}
	if drawn == 0 {
		return nil
	}
	f.Alt = fmt.Sprintf("Dots with intervals: %s of %s. The table before it has the numbers.", name(metric), counted(drawn, "condition", "conditions"))
	return f
}

func axis(metric, unit string) string {
	switch unit {
	case analysis.UnitMS:
		return metric + " (ms)"
	case analysis.UnitUSD:
		return metric + " (US dollars)"
	}
	return metric
}

// ink is blue of the palette of Okabe and Ito (2008), which all can tell from the
// others.
func ink() color.Color { return color.RGBA{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF} }

// svg draws the figure for a page.
func (f *Figure) svg() ([]byte, error) {
	var names []string
	var dots plotter.XYs
	var bars plotter.XErrors
	for i := range f.Points {
		p := &f.Points[len(f.Points)-1-i] // the first on top
		names = append(names, p.Name)
		if !p.Missing {
			dots = append(dots, plotter.XY{X: p.Estimate, Y: float64(i)})
			bars = append(bars, struct{ Low, High float64 }{p.Estimate - p.Low, p.High - p.Estimate})
		}
	}
	marks, err := plotter.NewScatter(dots)
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", f.Name, err)
	}
	marks.Shape, marks.Color, marks.Radius = draw.CircleGlyph{}, ink(), vg.Points(3.2)
	intervals, err := plotter.NewXErrorBars(struct {
		plotter.XYs
		plotter.XErrors
	}{dots, bars})
	if err != nil {
		return nil, fmt.Errorf("draw %s: %w", f.Name, err)
	}
	intervals.Color, intervals.Width = ink(), vg.Points(1.4)
	grid := plotter.NewGrid()
	grid.Horizontal.Width = 0
	grid.Vertical.Color = color.Gray{Y: 0xDD}
	p := plot.New()
	p.BackgroundColor = color.White
	p.X.Label.Text = f.Axis
	p.NominalY(names...)
	p.Add(grid, intervals, marks)
	p.Y.Min, p.Y.Max = -0.6, float64(len(names))-0.4
	margin := 0.04 * (p.X.Max - p.X.Min)
	p.X.Min, p.X.Max = p.X.Min-margin, p.X.Max+margin
	c := vgsvg.New(6.3*vg.Inch, vg.Length(0.9+0.32*float64(len(names)))*vg.Inch)
	p.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw %s: %w", f.Name, err)
	}
	return b.Bytes(), nil
}

// pgfplots draws the figure for LaTeX.
func (f *Figure) pgfplots() string {
	var ticks, labels []string
	var rows strings.Builder
	for i, p := range f.Points {
		ticks = append(ticks, fmt.Sprint(-i))
		labels = append(labels, "{"+latexEscape(p.Name)+"}")
		if !p.Missing {
			fmt.Fprintf(&rows, "%.12g %d %.12g %.12g \\\\\n", p.Estimate, -i, p.High-p.Estimate, p.Estimate-p.Low)
		}
	}
	return fmt.Sprintf("\\begin{tikzpicture}\n\\begin{axis}[width=\\linewidth, height=%.1fcm, xlabel={%s}, ytick={%s}, yticklabels={%s}, ymin=%.1f, ymax=0.6,\n"+
		"  xmajorgrids, axis x line*=bottom, axis y line*=left, tick align=outside, scaled x ticks=false, x tick label style={/pgf/number format/fixed, /pgf/number format/precision=6}]\n"+
		"\\addplot+[only marks, mark=*, color={rgb,255:red,0;green,114;blue,178}, mark options={fill={rgb,255:red,0;green,114;blue,178}}, error bars/.cd, x dir=both, x explicit]\n"+
		"  table[row sep=\\\\, x=x, y=y, x error plus=plus, x error minus=minus] {\nx y plus minus \\\\\n%s};\n\\end{axis}\n\\end{tikzpicture}\n",
		3+0.8*float64(len(f.Points)), latexEscape(f.Axis), strings.Join(ticks, ","), strings.Join(labels, ","), 0.4-float64(len(f.Points)), rows.String())
}
