// Package events counts spans and log records for SLOs: each is looked at once,
// when it arrives, and is good, bad or no event to an SLO.
//
// A request is decoded by the OpenTelemetry library, and becomes series for
// the engine in two ways:
//
//   - An SLO of kind spans or logs, or a latency of spans, is a rule. The rule
//     says what the event is to the SLO, and sli.ClassifiedSeries counts it.
//   - An SLO that selects traces_span_metrics_… or log_records_total by PromQL
//     finds series of these names, with the labels that such SLOs ask for and
//     no others. No series is made of an event that no selector selects.
//
// The points of both are sli.Events: of each series one for each second in which
// something happened. Spans happen when they end; log records at their time, or
// where they have none when they were observed. A span that was sampled counts
// as many as it stands for (OpenTelemetry's consistent probability sampling,
// ot=th:… or the older ot=p:… in its trace state).
//
// Events are no counters, which leaves three things to this package:
//
//   - Silence. As long as any spans arrive, every series that was told lately is
//     told again with no events each ten seconds, and so is every SLO without
//     groupBy: a quiet service is idle, and not without data. The price is that
//     a service whose sender died looks idle while others send. What was told
//     is not known over a restart: a group is then silent up to its next event.
//   - Repetition. Exporters repeat a request when they did not hear the answer.
//     Requests of the last ten minutes are known by their bytes, at most
//     131,072 of them, and are not counted again. They are not known over a
//     restart: what was counted, not answered, and repeated after that counts
//     twice.
//   - Refusal. An event that makes no sense (a span without end, one from the
//     future) is refused by a name, and hurts only itself. What lacks something
//     that an SLO may do without, such as a severity, is counted as it is and
//     named in a metric.
//
// Nothing is kept of an event but the ids of a few traces. A Classifier has no
// goroutine: all happens while a request is answered.
package events
