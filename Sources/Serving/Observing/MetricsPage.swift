import Domain
import Glibc

/// The metrics of a plane in the text format of Prometheus, version 0.0.4.
///
/// Labels are bounded: names of what is served, versions, what can be asked for, statuses of answers. A caller can make
/// no new ones.
struct MetricsPage {
  private var text = ""

  /// Writes the page of a plane.
  static func write(_ plane: DataPlane) -> String {
    var page = MetricsPage()
    page.models(plane)
    page.requests(plane)
    page.plane(plane)
    page.process()
    return page.text
  }

  private mutating func models(_ plane: DataPlane) {
    family("gatehouse_model_info", "gauge", "What is served.")
    for model in plane.table.models {
      sample(
        "gatehouse_model_info",
        Self.labels(of: model) + [("bundle", model.bundle.description), ("framework", model.framework)], "1")
    }
  }

  private mutating func requests(_ plane: DataPlane) {
    let counted =
      plane.table.models.map { (Self.labels(of: $0), $0.metrics.counts) } + [([], plane.unserved.counts)]
    family("gatehouse_requests_total", "counter", "Requests that were answered.")
    for (labels, counts) in counted {
      for (kind, count) in counts.requests.sorted(by: { $0.key < $1.key }) {
        sample(
          "gatehouse_requests_total",
          labels + [("request", kind.request), ("status", String(kind.status))], String(count))
      }
    }
    family("gatehouse_rows_total", "counter", "Rows that were predicted for.")
    for (labels, counts) in counted where !labels.isEmpty {
      sample("gatehouse_rows_total", labels, String(counts.rows))
    }
    family("gatehouse_request_duration_seconds", "histogram", "From the head of a request to its answer.")
    for (labels, counts) in counted where !labels.isEmpty {
      var sum = 0
      for (bound, count) in zip(RequestMetrics.bounds, counts.durations) {
        sum += count
        sample(
          "gatehouse_request_duration_seconds_bucket", labels + [("le", Self.seconds(bound))], String(sum))
      }
      sum += counts.durations[RequestMetrics.bounds.count]
      sample("gatehouse_request_duration_seconds_bucket", labels + [("le", "+Inf")], String(sum))
      sample("gatehouse_request_duration_seconds_sum", labels, Self.seconds(counts.nanoseconds))
      sample("gatehouse_request_duration_seconds_count", labels, String(sum))
    }
  }

  private mutating func plane(_ plane: DataPlane) {
    gauge("gatehouse_connections", "Connections that are open.", plane.connections.count)
    gauge("gatehouse_buffered_bytes", "Bytes of large bodies that are under way.", plane.bufferedBytes.count)
    gauge(
      "gatehouse_queued_predictions", "Predictions that wait for a thread or run on one.",
      plane.queuedPredictions.count)
    gauge("gatehouse_ready", "1 where every model that should be served is.", plane.table.isReady ? 1 : 0)
    gauge("gatehouse_draining", "1 where no new connection is taken.", plane.isDraining ? 1 : 0)
    gauge(
      "gatehouse_state_generation", "The state of the control plane that is served.", plane.table.generation)
    guard let spool = plane.spool else { return }
    gauge(
      "gatehouse_records_writable", "1 where records of requests can be written.",
      spool.failure == nil ? 1 : 0)
  }

  private mutating func process() {
    let usage = ProcessUsage()
    gauge("process_resident_memory_bytes", "Resident memory size in bytes.", usage.residentBytes)
    family("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.")
    sample("process_cpu_seconds_total", [], Self.seconds(usage.processorNanoseconds))
  }

  private mutating func gauge(_ name: String, _ help: String, _ value: Int) {
    family(name, "gauge", help)
    sample(name, [], String(value))
  }

  private mutating func family(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
  }

  private mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  private static func labels(of model: ServedModel) -> [(String, String)] {
    [("deployment", model.reference.name.description), ("version", model.reference.version.description)]
  }

  /// A label's value: backslashes, quotes and line feeds are escaped.
  static func escaped(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }

  /// Nanoseconds in seconds, exactly.
  static func seconds(_ nanoseconds: Int) -> String {
    let fraction = String(nanoseconds % 1_000_000_000)
    let padded = String(repeating: "0", count: 9 - fraction.count) + fraction
    return "\(nanoseconds / 1_000_000_000).\(padded)"
  }
}

/// What this process takes of the machine.
struct ProcessUsage {
  /// Bytes that are in memory.
  let residentBytes: Int
  /// What it has computed for so far, in nanoseconds.
  let processorNanoseconds: Int

  /// Asks the kernel.
  init() {
    let pages = (try? BoundedFile.pseudo("/proc/self/statm")).map { bytes in
      String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
    residentBytes = (pages ?? 0) * sysconf(CInt(_SC_PAGESIZE))
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    processorNanoseconds = time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
