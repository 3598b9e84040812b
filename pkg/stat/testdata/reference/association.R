# Answers association.py: reads lines of JSON with data and an expression, and
# prints a line of JSON for each, with 17 digits.
suppressMessages({library(jsonlite); library(psych); library(vcd)})
n17 <- function(x) paste0("[", paste(sprintf("%.17g", as.numeric(x)), collapse = ","), "]")
show <- function(v) {
  if (is.list(v)) return(paste0("{", paste(sprintf("\"%s\":%s", names(v), vapply(v, function(e)
    if (is.list(e)) show(e) else if (length(e) == 1) sprintf("%.17g", as.numeric(e)) else n17(e), "")), collapse = ","), "}"))
  n17(v)
}
ht <- function(h) list(statistic = unname(h$statistic), p = h$p.value)
for (line in readLines(file("stdin"))) {
  q <- fromJSON(line, simplifyMatrix = FALSE)
  d <- q$data; x <- d$x; y <- d$y; z <- d$covariate
  m <- if (!is.null(d$blocks)) do.call(rbind, lapply(d$blocks, function(r) as.numeric(unlist(lapply(r, function(v) if (is.null(v)) NA else v)))))
  tab <- if (!is.null(d$table)) do.call(rbind, d$table)
  v <- tryCatch(eval(parse(text = q$expr)), error = function(e) list(error = conditionMessage(e)))
  if (!is.null(v$error)) cat(toJSON(v, auto_unbox = TRUE), "\n") else {
    if (!is.null(v$df)) { df <- v$df; v$df <- NULL; s <- show(v)
      cat(sub("}$", paste0(",\"df\":", n17(df), "}"), s), "\n") }
    else cat(show(v), "\n")
  }
}
