# Answers bayes.py: reads lines of JSON with data and an expression, and prints a
# line of JSON for each, with 17 digits.
suppressMessages({library(jsonlite); library(BayesFactor); library(metafor)})
n17 <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ","), "]")
show <- function(v) paste0("{", paste(sprintf("\"%s\":%s", names(v), vapply(v, function(e)
  if (is.list(e)) show(e) else if (length(e) == 1) sprintf("%.17g", as.numeric(e)) else n17(e), "")), collapse = ","), "}")
bf <- function(b) { v <- extractBF(b, logbf = TRUE)$bf[1]; list(statistic = v) }
meta <- function(x, v, method, level, ...) {
  m <- if (method == "REML") rma(x, v, method = method, level = 100 * level, control = list(threshold = 1e-15, maxiter = 10000, tau2.max = 1e6), ...)
       else rma(x, v, method = method, level = 100 * level, ...)
  d <- list(standard_error = m$se, tau2 = m$tau2, q = m$QE, q_p = m$QEp)
  if (method != "FE") {
    d$i2 <- m$I2 / 100; d$h2 <- m$H2
  }
  list(statistic = m$zval, p = m$pval, estimate = as.numeric(m$beta), interval = list(low = m$ci.lb, high = m$ci.ub), details = d)
}
for (line in readLines(file("stdin"))) {
  q <- fromJSON(line, simplifyMatrix = FALSE)
  d <- q$data; x <- d$x; y <- d$y; v <- d$variances
  out <- tryCatch(eval(parse(text = q$expr)), error = function(e) list(error = conditionMessage(e)))
  if (!is.null(out$error)) cat(toJSON(out, auto_unbox = TRUE), "\n") else cat(show(out), "\n")
}
