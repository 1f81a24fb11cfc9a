import Domain

/// The metrics of a plane.
///
/// Labels are bounded: names of what is served, versions, what can be asked for and by what, statuses and codes of
/// answers. A caller can make no new ones.
struct MetricsPage {
  var metrics = MetricsText()
  let plane: DataPlane
  private let seen: PlaneObservation

  /// Writes the page of a plane, whose connections were seen to do this.
  static func write(_ plane: DataPlane, _ seen: PlaneObservation = PlaneObservation()) -> String {
    var page = MetricsPage(plane: plane, seen: seen)
    page.builds()
    page.requests()
    page.probes()
    page.watching()
    page.underWay()
    page.connections()
    page.state()
    page.security()
    page.records()
    page.spans()
    page.process()
    return page.metrics.text
  }

  private init(plane: DataPlane, seen: PlaneObservation) {
    self.plane = plane
    self.seen = seen
  }

  private mutating func builds() {
    metrics.family("gatehouse_build_info", "gauge", "The program that serves.")
    metrics.sample("gatehouse_build_info", [("version", plane.version)], 1)
    metrics.family("gatehouse_model_info", "gauge", "What is served.")
    for model in plane.table.models {
      metrics.sample(
        "gatehouse_model_info",
        Self.labels(of: model) + [("bundle", model.bundle.description), ("framework", model.framework)], 1)
    }
  }

  private mutating func requests() {
    let counted =
      plane.table.models.map { (Self.labels(of: $0), $0.metrics.counts) } + [([], plane.unserved.counts)]
    metrics.family("gatehouse_requests_total", "counter", "Requests that were answered.")
    for (labels, counts) in counted {
      for (kind, count) in counts.requests.sorted(by: { $0.key < $1.key }) {
        let more = [
          ("request", kind.request), ("protocol", kind.wire.rawValue), ("status", String(kind.status)),
        ]
        metrics.sample("gatehouse_requests_total", labels + more, count)
      }
    }
    metrics.family("gatehouse_problems_total", "counter", "Requests that were refused or failed, by code.")
    for (labels, counts) in counted {
      for (code, count) in counts.problems.sorted(by: { $0.key < $1.key }) {
        metrics.sample("gatehouse_problems_total", labels + [("code", code)], count)
      }
    }
    metrics.family("gatehouse_rows_total", "counter", "Rows that were predicted for.")
    for (labels, counts) in counted where !labels.isEmpty {
      metrics.sample("gatehouse_rows_total", labels, counts.rows.sum)
    }
    let rows = "gatehouse_request_rows"
    metrics.family(rows, "histogram", "Rows of a request that was predicted for.")
    for (labels, counts) in counted where !labels.isEmpty {
      metrics.histogram(rows, labels, counts.rows) { String($0) }
    }
    let durations = "gatehouse_request_duration_seconds"
    metrics.family(durations, "histogram", "From the head of a request to its answer.")
    for (labels, counts) in counted where !labels.isEmpty {
      metrics.histogram(durations, labels, counts.durations, unit: MetricsText.seconds)
    }
    let stages = "gatehouse_request_stage_seconds_total"
    metrics.family(
      stages, "counter", "What answers to predictions that named no version spent their time on.")
    for (labels, counts) in counted where !labels.isEmpty {
      for stage in RequestStage.allCases {
        metrics.sample(
          stages, labels + [("stage", stage.rawValue)], MetricsText.seconds(counts.shared.stages[stage]))
      }
    }
  }

  private mutating func probes() {
    let models = plane.table.models
    metrics.family(
      "gatehouse_probes_total", "counter",
      "Rows of its bundle's check that a version was asked while it served.")
    for model in models {
      let counts = model.probe.counts
      for (outcome, count) in [
        ("right", counts.right), ("wrong", counts.wrong), ("overdue", counts.overdue),
      ] {
        metrics.sample("gatehouse_probes_total", Self.labels(of: model) + [("outcome", outcome)], count)
      }
    }
    metrics.family(
      "gatehouse_probe_seconds_total", "counter", "How long such questions took, with the wait for a thread.")
    for model in models {
      metrics.sample(
        "gatehouse_probe_seconds_total", Self.labels(of: model),
        MetricsText.seconds(model.probe.counts.nanoseconds))
    }
    metrics.family(
      "gatehouse_model_ready", "gauge", "1 where a version answered such a question right last, and lately.")
    for model in models {
      metrics.sample("gatehouse_model_ready", Self.labels(of: model), model.probe.isReady() ? 1 : 0)
    }
  }

  private mutating func underWay() {
    metrics.family("gatehouse_requests_in_flight", "gauge", "Requests that are under way.")
    let requests = seen.requests.map(\.request)
    var rest = requests.count
    for model in plane.table.models {
      let count = requests.count {
        $0.deployment == model.reference.name && $0.version == model.reference.version.value
      }
      rest -= count
      metrics.sample("gatehouse_requests_in_flight", Self.labels(of: model), count)
    }
    metrics.sample("gatehouse_requests_in_flight", [], rest)
    metrics.gauge(
      "gatehouse_buffered_bytes", "Bytes of large bodies that are under way.", plane.bufferedBytes.count)
    metrics.gauge(
      "gatehouse_unread_bytes", "Bytes of large answers that are not written to their end.",
      plane.unreadBytes.count)
    metrics.gauge(
      "gatehouse_queued_predictions", "Predictions that wait for a thread or run on one.",
      plane.queuedPredictions.count)
    metrics.gauge(
      "gatehouse_event_loops", "Event loops, on which requests are read and answered.", seen.loops)
    metrics.gauge(
      "gatehouse_event_loops_answering", "Event loops that said within 500 ms what they do.",
      seen.answeringLoops)
  }

  private mutating func connections() {
    metrics.family(
      "gatehouse_connections", "gauge", "Connections that are open, by what they do at the moment.")
    let connections = seen.connections
    for wire in RequestTransport.Wire.allCases where wire != .grpc {
      for phase in Observation.Phase.allCases {
        let count = connections.count { $0.transport.wire == wire && $0.phase == phase }
        metrics.sample(
          "gatehouse_connections", [("protocol", wire.rawValue), ("state", phase.rawValue)], count)
      }
    }
    metrics.gauge(
      "gatehouse_connections_unread", "Connections whose callers do not read their answers.",
      connections.count { $0.isUnread })
    metrics.gauge(
      "gatehouse_connections_limit", "Connections that are served at most.", plane.limits.connections)
    metrics.gauge("gatehouse_streams", "Streams of HTTP/2 that are open.", plane.streams.count)
    metrics.gauge(
      "gatehouse_streams_limit", "Streams of HTTP/2 that are served at most.", plane.limits.streams)
    metrics.counter(
      "gatehouse_connections_refused_total", "Connections that were closed unanswered.",
      plane.refusedConnections.count)
  }

  private mutating func state() {
    metrics.gauge(
      "gatehouse_ready", "1 where every model that should be served is.", plane.table.isReady ? 1 : 0)
    metrics.gauge("gatehouse_draining", "1 where no new connection is taken.", plane.isDraining ? 1 : 0)
    metrics.gauge(
      "gatehouse_state_generation", "The state of the control plane that is served.", plane.table.generation)
    let counts = plane.applications.counts
    metrics.family("gatehouse_applications_total", "counter", "States of the control plane that came.")
    for (outcome, count) in [
      ("applied", counts.applied), ("partly", counts.partly), ("failed", counts.failed),
    ] {
      metrics.sample("gatehouse_applications_total", [("outcome", outcome)], count)
    }
    metrics.counter(
      "gatehouse_model_swaps_total", "Versions that came new or took the place of another.", counts.swaps)
    if let last = counts.last {
      metrics.gauge(
        "gatehouse_last_application_timestamp_seconds", "When a state was applied last.",
        MetricsText.seconds(Int(last.milliseconds) * 1_000_000))
    }
  }

  private mutating func security() {
    guard let tls = plane.tls else { return }
    metrics.gauge(
      "gatehouse_tls_certificate_end_timestamp_seconds", "When the certificate in use ends.", tls.end)
    metrics.gauge(
      "gatehouse_tls_stale", "1 where the newest files of TLS cannot be used, so that older ones are.",
      tls.isStale ? 1 : 0)
  }

  private mutating func records() {
    guard let figures = plane.spool?.figures else { return }
    metrics.gauge(
      "gatehouse_records_writable", "1 where records of requests can be written.", figures.isWritable ? 1 : 0)
    metrics.counter(
      "gatehouse_records_written_total", "Records of requests that were written.", figures.written)
    metrics.counter(
      "gatehouse_records_lost_total", "Requests whose record could not be written.", figures.lost)
    metrics.counter(
      "gatehouse_segments_closed_total", "Segments of records that were closed.", figures.closed)
    metrics.gauge(
      "gatehouse_spool_bytes", "Bytes of records that nobody has fetched, as they were last counted.",
      figures.bytes)
    metrics.gauge("gatehouse_spool_limit_bytes", "Bytes that the spool takes at most.", figures.limit)
    metrics.gauge(
      "gatehouse_records_unsynced_seconds", "For how long the oldest record has not been on the disk.",
      MetricsText.seconds(figures.unsyncedNanoseconds))
  }

  private mutating func spans() {
    if let counts = plane.tracing?.exporter.counts {
      metrics.family("gatehouse_spans_total", "counter", "Spans of requests, by what became of them.")
      let outcomes = [
        ("exported", counts.exported), ("dropped", counts.dropped), ("rejected", counts.rejected),
        ("failed", counts.failed),
      ]
      for (outcome, count) in outcomes {
        metrics.sample("gatehouse_spans_total", [("outcome", outcome)], count)
      }
      metrics.gauge("gatehouse_spans_waiting", "Spans that wait to be sent.", counts.waiting)
    }
    if let log = plane.log?.log {
      metrics.counter(
        "gatehouse_log_lines_left_out_total", "Lines of the log that were left out.", log.leftOut)
    }
  }

  private mutating func process() {
    let usage = ProcessUsage()
    metrics.gauge(
      "process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
      MetricsText.seconds(Int(plane.startedAt.milliseconds) * 1_000_000))
    // Of all that serve: one that drains answers nobody here any more, and one that is held does not yet.
    metrics.gauge(
      "gatehouse_oldest_process_age_seconds", "For how long the process that serves has been running.",
      MetricsText.seconds(plane.age))
    metrics.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", usage.residentBytes)
    metrics.gauge("process_max_fds", "Maximum number of open file descriptors.", usage.descriptorLimit)
    metrics.family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.")
    metrics.sample("process_cpu_seconds_total", [], MetricsText.seconds(usage.processorNanoseconds))
  }

  static func labels(of model: ServedModel) -> MetricsText.Labels {
    [("deployment", model.reference.name.description), ("version", model.reference.version.description)]
  }
}
