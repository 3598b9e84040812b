# Answers location.py: reads lines of JSON with data and an expression, and prints
# a line of JSON for each, with 17 digits.
suppressMessages({library(jsonlite); library(coin); library(exactRankTests); library(effectsize)})
n17 <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ","), "]")
show <- function(v) paste0("{", paste(sprintf("\"%s\":%s", names(v), vapply(names(v), function(k) {
  e <- v[[k]]
  if (is.list(e)) show(e) else if (is.character(e)) dQuote(e, FALSE)
  else if (length(e) == 1 && k != "df") sprintf("%.17g", as.numeric(e)) else n17(e)
}, "")), collapse = ","), "}")
# A t test: the result of t.test with y first.
tt <- function(h, estimate) list(statistic = unname(h$statistic), df = unname(h$parameter), p = h$p.value,
                                 estimate = estimate)
ci <- function(h) list(low = h$conf.int[1], high = h$conf.int[2])
wt <- function(h) list(statistic = unname(h$statistic), p = h$p.value)
hl <- function(h) list(estimate = unname(h$estimate), interval = ci(h))
# The tests of package coin, of the second group against the first.
two <- function(x, y, f, ...) {
  g <- factor(c(rep("2", length(y)), rep("1", length(x))), levels = c("2", "1"))
  f(c(y, x) ~ g, ...)
}
for (line in readLines(file("stdin"))) {
  q <- fromJSON(line, simplifyMatrix = FALSE)
  x <- q$data$x; y <- q$data$y
  v <- tryCatch(suppressWarnings(eval(parse(text = q$expr))), error = function(e) list(error = conditionMessage(e)))
  cat(show(v), "\n")
}
