package reporter

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/crucible-go/crucible/pkg/analysis"
)

// figureFile is the name of a figure's file.
func figureFile(name, extension string) string { return "figure-" + anchor(name) + "." + extension }

// ink is blue of the palette of Okabe and Ito (2008), which all can tell from the
// others.
func ink() color.Color { return color.RGBA{R: 0x00, G: 0x72, B: 0xB2, A: 0xFF} }

// estimates draws the estimates of a metric with their intervals, a line for each
// condition; nil where there is nothing to draw.
func (r *Report) estimates(metric string) *Figure {
	var names []string
	var points plotter.XYs
	var bars plotter.XErrors
	unit := ""
	conditions := r.Analysis.Conditions
	for i := range conditions {
		c := &conditions[len(conditions)-1-i] // the first on top
		names = append(names, flat(c.Name, 28))
		m, ok := c.Metrics[metric]
		if !ok || m.Estimate == nil {
			continue
		}
		unit = m.Unit
		points = append(points, plotter.XY{X: *m.Estimate, Y: float64(i)})
		low, high := 0.0, 0.0
		if m.Low != nil && m.High != nil {
			low, high = *m.Estimate-*m.Low, *m.High-*m.Estimate
		}
		bars = append(bars, struct{ Low, High float64 }{low, high})
	}
	if len(points) == 0 {
		return nil
	}
	p := plot.New()
	p.BackgroundColor = color.White
	p.X.Label.Text = axis(metric, unit)
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.6, float64(len(names))-0.4
	marks, err := plotter.NewScatter(points)
	if err != nil {
		return nil // a number that cannot be drawn
	}
	marks.Shape, marks.Color, marks.Radius = draw.CircleGlyph{}, ink(), vg.Points(3.2)
	intervals, err := plotter.NewXErrorBars(struct {
		plotter.XYs
		plotter.XErrors
	}{points, bars})
	if err != nil {
		return nil // likewise
	}
	intervals.Color, intervals.Width = ink(), vg.Points(1.4)
	grid := plotter.NewGrid()
	grid.Horizontal.Width = 0
	grid.Vertical.Color = color.Gray{Y: 0xDD}
	p.Add(grid, intervals, marks)
	f := &Figure{
		Name:    metric,
		Caption: fmt.Sprintf("%s of each condition, with its %s interval.", flat(metric, longName), percent(level(conditions, metric))),
		Alt:     fmt.Sprintf("Dots with intervals: %s of %s. The table before it has the numbers.", flat(metric, longName), counted(len(points), "condition", "conditions")),
	}
	margin := 0.04 * (p.X.Max - p.X.Min)
	p.X.Min, p.X.Max = p.X.Min-margin, p.X.Max+margin
	f.drawing = drawing{p, 6.3 * vg.Inch, vg.Length(0.9+0.32*float64(len(names))) * vg.Inch}
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

func level(conditions []analysis.Condition, metric string) float64 {
	for _, c := range conditions {
		if m, ok := c.Metrics[metric]; ok && !math.IsNaN(m.Level) {
			return m.Level
		}
	}
	return 0
}

// drawing is a plot of a size.
type drawing struct {
	plot          *plot.Plot
	width, height vg.Length
}

// svg and pdf render it.
func (d drawing) svg() ([]byte, error) {
	c := vgsvg.New(d.width, d.height)
	return d.on(c, c)
}

func (d drawing) pdf() ([]byte, error) {
	c := vgpdf.New(d.width, d.height)
	c.EmbedFonts(true)
	return d.on(c, c)
}

func (d drawing) on(c vg.CanvasSizer, out io.WriterTo) ([]byte, error) {
	d.plot.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := out.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("draw: %w", err)
	}
	return b.Bytes(), nil
}
