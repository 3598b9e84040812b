package dist

// CDF returns P(X ≤ x).
func (d Normal) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d Normal) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d Normal) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d Normal) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d Normal) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d Normal) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d T) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d T) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d T) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d T) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d T) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d T) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d F) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d F) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d F) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d F) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d F) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d F) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d ChiSquared) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d ChiSquared) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d ChiSquared) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d ChiSquared) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d ChiSquared) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d ChiSquared) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d Beta) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d Beta) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d Beta) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d Beta) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d Beta) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d Beta) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d Binomial) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d Binomial) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d Binomial) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d Binomial) LogSF(x float64) float64 { return logSF(d, x) }

// CDF returns P(X ≤ x).
func (d Hypergeometric) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d Hypergeometric) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d Hypergeometric) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d Hypergeometric) LogSF(x float64) float64 { return logSF(d, x) }

// CDF returns P(X ≤ x).
func (d FisherHypergeometric) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d FisherHypergeometric) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d FisherHypergeometric) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d FisherHypergeometric) LogSF(x float64) float64 { return logSF(d, x) }

// CDF returns P(X ≤ x).
func (d NoncentralT) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d NoncentralT) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d NoncentralT) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d NoncentralT) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d NoncentralT) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d NoncentralT) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d NoncentralF) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d NoncentralF) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d NoncentralF) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d NoncentralF) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d NoncentralF) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d NoncentralF) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d NoncentralChiSquared) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d NoncentralChiSquared) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d NoncentralChiSquared) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d NoncentralChiSquared) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d NoncentralChiSquared) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d NoncentralChiSquared) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d StudentizedRange) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d StudentizedRange) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d StudentizedRange) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d StudentizedRange) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d StudentizedRange) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d StudentizedRange) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d Dunnett) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d Dunnett) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d Dunnett) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d Dunnett) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d Dunnett) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d Dunnett) InvSF(q float64) float64 { return invSF(d, q) }

// CDF returns P(X ≤ x).
func (d Correlation) CDF(x float64) float64 { return cdf(d, x) }

// SF returns P(X > x).
func (d Correlation) SF(x float64) float64 { return sf(d, x) }

// LogCDF returns ln P(X ≤ x).
func (d Correlation) LogCDF(x float64) float64 { return logCDF(d, x) }

// LogSF returns ln P(X > x).
func (d Correlation) LogSF(x float64) float64 { return logSF(d, x) }

// Quantile returns the least x with P(X ≤ x) ≥ p.
func (d Correlation) Quantile(p float64) float64 { return quantile(d, p) }

// InvSF returns the least x with P(X > x) ≤ q, also for tiny q.
func (d Correlation) InvSF(q float64) float64 { return invSF(d, q) }
