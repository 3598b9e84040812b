# Answers effects.py and posthoc.py: reads lines of JSON with data and an
# expression, and prints a line of JSON for each, with 17 digits. Lists without
# names become arrays.
suppressMessages({library(jsonlite); library(multcomp); library(rstatix); library(mvtnorm); library(effectsize)})
show <- function(v) {
  if (is.list(v) && !is.null(names(v)))
    return(paste0("{", paste(sprintf("\"%s\":%s", names(v), vapply(v, show, "")), collapse = ","), "}"))
  if (is.list(v)) return(paste0("[", paste(vapply(v, show, ""), collapse = ","), "]"))
  if (length(v) == 1 && !inherits(v, "AsIs")) return(sprintf("%.17g", as.numeric(v)))
  paste0("[", paste(sprintf("%.17g", as.numeric(v)), collapse = ","), "]")
}

# Root of the noncentral distributions, in the smaller tail.
solve_for <- function(f, from, to) uniroot(f, c(from, to), tol = 1e-13, extendInt = "yes", maxiter = 10000)$root
ncp_t <- function(t, df, level) {
  a <- (1 - level) / 2
  w <- 3 * sqrt(1 + t^2 / (2 * df))
  c(solve_for(function(d) log(pt(t, df, d, lower.tail = FALSE)) - log(a), t - 2 * w, t),
    solve_for(function(d) log(pt(t, df, d)) - log(a), t, t + 2 * w))
}
ncp_f <- function(f, d1, d2, level) {
  a <- (1 - level) / 2
  c(if (pf(f, d1, d2, lower.tail = FALSE) >= a) 0 else solve_for(function(l) pf(f, d1, d2, l, lower.tail = FALSE) - a, 0, d1 * f),
    if (pf(f, d1, d2) <= a) 0 else solve_for(function(l) pf(f, d1, d2, l) - a, 0, 4 * d1 * f + 40))
}
ncp_chi <- function(x, df, level) {
  a <- (1 - level) / 2
  c(if (pchisq(x, df, lower.tail = FALSE) >= a) 0 else solve_for(function(l) pchisq(x, df, l, lower.tail = FALSE) - a, 0, x),
    if (pchisq(x, df) <= a) 0 else solve_for(function(l) pchisq(x, df, l) - a, 0, 4 * x + 40))
}
size <- function(estimate, i) list(effect = list(estimate = estimate, low = i[1], high = i[2]))
pooled <- function(x, y, level) {
  h <- 1 / length(x) + 1 / length(y)
  n <- ncp_t(t.test(y, x, var.equal = TRUE)$statistic, length(x) + length(y) - 2, level) * sqrt(h)
  list(d = size(cohens_d(y, x, ci = NULL)[[1]], n), g = size(hedges_g(y, x, ci = NULL)[[1]],
    n * hedges_g(y, x, ci = NULL)[[1]] / cohens_d(y, x, ci = NULL)[[1]]))
}
glass <- function(x, y, level) {
  d <- glass_delta(y, x, ci = NULL)[[1]]
  h <- 1 / length(x) + var(y) / (length(y) * var(x))
  size(d, ncp_t(d / sqrt(h), length(x) - 1, level) * sqrt(h))
}
paired <- function(x, y, level) {
  t <- t.test(y, x, paired = TRUE)$statistic
  i <- ncp_t(t, length(x) - 1, level) / sqrt(length(x))
  r <- sd(y - x) / sqrt((var(x) + var(y)) / 2)
  list(z = size(cohens_d(y, x, paired = TRUE, ci = NULL)[[1]], i), av = size(mean(y - x) / sqrt((var(x) + var(y)) / 2), i * r))
}
cliff <- function(x, y, level) {
  d <- outer(x, y, function(a, b) sign(b - a))
  m <- length(x); n <- length(y); z <- qnorm((1 + level) / 2)
  delta <- cliffs_delta(y, x, ci = NULL)[[1]]
  s2 <- ((n - 1) * var(rowMeans(d)) + (m - 1) * var(colMeans(d)) + sum((d - delta)^2) / ((m - 1) * (n - 1))) / (m * n)
  half <- z * sqrt(s2) * sqrt((1 - delta^2)^2 + z^2 * s2)
  c(delta, (delta - delta^3 + c(-1, 1) * half) / (1 - delta^2 + z^2 * s2))
}
walsh <- function(x, y, level) {
  d <- (y - x)[y != x]
  n <- length(d); z <- qnorm((1 + level) / 2)
  s <- outer(d, d, function(a, b) sign(a + b))
  r <- rank_biserial(y, x, paired = TRUE, ci = NULL)[[1]]
  h <- (rowSums(s) + diag(s)) / (n + 1)
  w <- z^2 * 4 * var(h) / n
  half <- sqrt(w * ((1 - r^2)^2 + w))
  c(r, (r - r^3 + c(-1, 1) * half) / (1 - r^2 + w))
}
groups <- function(d) list(v = unlist(d$groups), g = factor(rep(seq_along(d$groups), lengths(d$groups))))
variance <- function(gr, level) {
  m <- aov(v ~ g, gr)
  a <- anova(m); f <- a[1, 4]; d1 <- a[1, 1]; d2 <- a[2, 1]
  l <- ncp_f(f, d1, d2, level)
  q <- function(x) x[[2]]
  list(eta = size(q(eta_squared(m, ci = NULL, verbose = FALSE)), l / (l + d1 + d2 + 1)), omega = size(q(omega_squared(m, ci = NULL, verbose = FALSE)), l / (l + d1 + d2 + 1)),
    epsilon = size(q(epsilon_squared(m, ci = NULL, verbose = FALSE)), l / (l + d1 + d2 + 1)), f = size(q(cohens_f(m, ci = NULL, verbose = FALSE)), sqrt(l / (d1 + d2 + 1))))
}
tables <- function(t, level) {
  m <- do.call(rbind, t)
  x <- suppressWarnings(chisq.test(m, correct = FALSE)); n <- sum(m)
  l <- ncp_chi(x$statistic, x$parameter, level)
  k <- min(dim(m)) - 1
  i <- pmin(1, sqrt(l / n / k))
  list(v = size(cramers_v(m, adjust = FALSE, ci = NULL)[[1]], i), adjusted = size(cramers_v(m, adjust = TRUE, ci = NULL)[[1]], i),
    w = size(cohens_w(m, ci = NULL)[[1]], sqrt(l / n)))
}

# Comparisons: a list of those with columns of values.
rows <- function(...) {
  columns <- list(...)
  lapply(seq_along(columns[[1]]), function(i) lapply(columns, function(column) if (is.list(column)) column[[i]] else column[i]))
}
within <- function(low, high) Map(function(l, h) list(low = l, high = h), low, high)
tukey <- function(gr, level, with_p) {
  t <- TukeyHSD(aov(v ~ g, gr), conf.level = level)$g
  interval <- unname(within(t[, 2], t[, 3]))
  list(comparisons = if (with_p) rows(estimate = t[, 1], interval = interval, p = t[, 4]) else rows(estimate = t[, 1], interval = interval))
}
pairs_p <- function(p) p[lower.tri(p, diag = TRUE)]

for (line in readLines(file("stdin"))) {
  q <- fromJSON(line, simplifyMatrix = FALSE)
  d <- q$data; x <- d$x; y <- d$y
  if (!is.null(d$groups)) gr <- groups(d)
  v <- tryCatch(suppressWarnings(suppressMessages(eval(parse(text = q$expr)))), error = function(e) list(error = conditionMessage(e)))
  cat(if (!is.null(v$error)) toJSON(v, auto_unbox = TRUE) else show(v), "\n")
}
