import Monitoring

extension MetricsPage {
  /// What defences did, by what it is called.
  private static var defences: [(String, String, KeyPath<WatchedWindow.Losses, Int>)] {
    [
      (
        "gatehouse_noted_rows_total", "Rows that were answered although they are unlike training's.",
        \.notedRows
      ),
      (
        "gatehouse_guarded_requests_total", "Requests that were refused for rows unlike training's.",
        \.guardedRequests
      ),
      (
        "gatehouse_held_requests_total", "Requests of callers who are held back for an alarm about them.",
        \.heldRequests
      ),
    ]
  }

  /// What was seen of the models, up to the window that ended last.
  ///
  /// Columns are labels of the ten that are furthest from training alone: a model has as many as it likes, and their names
  /// are its own.
  mutating func watching() {
    let watched = plane.table.models.map { (Self.labels(of: $0), $0.watch) }
    let seen = watched.map { ($0, $1.seen, $1.losses) }
    metrics.family(
      "gatehouse_watched_rows_total", "counter", "Rows that were looked at, in windows that ended.")
    for (labels, seen, _) in seen { metrics.sample("gatehouse_watched_rows_total", labels, seen.rows) }
    metrics.family(
      "gatehouse_unwatched_rows_total", "counter", "Rows that were answered and not looked at, to stay fast.")
    for (labels, _, losses) in seen {
      metrics.sample("gatehouse_unwatched_rows_total", labels, losses.unseenRows)
    }
    metrics.family(
      "gatehouse_refused_inputs_total", "counter", "Requests that were refused for what they sent.")
    for (labels, _, losses) in seen {
      metrics.sample("gatehouse_refused_inputs_total", labels, losses.refusedRequests)
    }
    for (name, words, count) in Self.defences {
      metrics.family(name, "counter", words)
      for (labels, _, losses) in seen { metrics.sample(name, labels, losses[keyPath: count]) }
    }
    metrics.family(
      "gatehouse_caller_alarms_total", "counter",
      "Alarms about callers who seem to copy the model or to look for its boundary.")
    for (labels, watch) in watched {
      for (attack, count) in watch.callers.alarms {
        metrics.sample("gatehouse_caller_alarms_total", labels + [("attack", attack)], count)
      }
    }
    metrics.family(
      "gatehouse_violating_rows_total", "counter",
      "Rows with a value out of training's range, missing where none was, or of a new category.")
    for (labels, seen, _) in seen {
      metrics.sample("gatehouse_violating_rows_total", labels, seen.violatingRows)
    }
    metrics.family(
      "gatehouse_outlier_rows_total", "counter", "Rows with a feature beyond training's outer fences.")
    for (labels, seen, _) in seen { metrics.sample("gatehouse_outlier_rows_total", labels, seen.outlierRows) }
    metrics.family(
      "gatehouse_drift_distance", "gauge",
      "How far a column was from training in the window that ended last, of the ten furthest: KS between bins, or total variation."
    )
    for (labels, seen, _) in seen {
      for (column, distance) in seen.distances {
        let more = [("column", column.name), ("role", column.role.text)]
        metrics.sample("gatehouse_drift_distance", labels + more, "\(distance)")
      }
    }
  }
}
