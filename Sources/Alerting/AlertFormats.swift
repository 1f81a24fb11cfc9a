import Domain
public import Encoding

/// An alert in the forms that receivers read.
public struct AlertMessage: Sendable {
  private let alert: AlertRecord
  private let ledger: String
  private let page: String?

  /// What is said of an alert; `ledger` names the platform, `page` is where its HTTP face answers.
  public init(_ alert: AlertRecord, of ledger: String, page: String? = nil) {
    self.alert = alert
    self.ledger = ledger
    self.page = page
  }

  /// What a receiver tells one message from another by: the same however often it is sent.
  public func key(_ news: AlertNews) -> String { "\(alert.id)-\(news.rawValue)" }

  private var link: String? { page.map { "\($0)/api/v1/alerts/\(alert.id)" } }

  /// A `postableAlerts` of Alertmanager's API v2: one alert, whose labels stay what they are while it stands.
  ///
  /// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
  public var alertmanager: JSON {
    var labels: [String: JSON] = [
      "alertname": .string(alert.source.rule.rawValue), "severity": .string(alert.severity.rawValue),
      "subject": .string(alert.source.subject), "platform": .string(ledger),
    ]
    labels["deployment"] = alert.source.deployment.map { .string($0.description) }
    var annotations: [String: JSON] = [
      "summary": .string(alert.summary), "description": .string(alert.figures), "id": .string(alert.id),
    ]
    annotations["runbook_url"] = alert.runbook.map { .string($0) }
    var members: [String: JSON] = [
      "labels": .object(labels), "annotations": .object(annotations),
      "startsAt": .string(alert.began.description),
    ]
    members["endsAt"] = alert.ended.map { .string($0.description) }
    members["generatorURL"] = link.map { .string($0) }
    return .array([.object(members)])
  }

  /// An event of PagerDuty's Events API v2; the alert's id is what triggering, acknowledging and resolving have in common.
  ///
  /// https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
  public func pagerduty(_ news: AlertNews, routingKey: String) -> JSON {
    let action =
      switch news {
      case .began: "trigger"
      case .acknowledged: "acknowledge"
      case .ended: "resolve"
      }
    var members: [String: JSON] = [
      "routing_key": .string(routingKey), "event_action": .string(action), "dedup_key": .string(alert.id),
    ]
    guard news == .began else { return .object(members) }
    let severity =
      switch alert.severity {
      case .page: "critical"
      case .ticket: "warning"
      case .info: "info"
      }
    members["client"] = "gatehouse"
    members["client_url"] = link.map { .string($0) }
    members["payload"] = [
      "summary": .string(alert.summary), "source": .string(ledger), "severity": .string(severity),
      "timestamp": .string(alert.began.description), "component": .string(alert.source.subject),
      "class": .string(alert.source.rule.rawValue),
      "custom_details": [
        "figures": .string(alert.figures),
        "deployment": alert.source.deployment.map { .string($0.description) } ?? .null,
      ],
    ]
    members["links"] = alert.runbook.map { .array([["href": .string($0), "text": "runbook"]]) }
    return .object(members)
  }

  /// A CloudEvent 1.0 in JSON, for anybody.
  public func cloudEvent(_ news: AlertNews) -> JSON {
    let moment =
      switch news {
      case .began: alert.began
      case .acknowledged: alert.acknowledgement?.at ?? alert.began
      case .ended: alert.ended ?? alert.seen
      }
    return [
      "specversion": "1.0", "id": .string(key(news)), "source": .string("//\(ledger)"),
      "type": .string("gatehouse.alert.\(news.rawValue)"), "subject": .string(alert.source.subject),
      "time": .string(moment.description), "datacontenttype": "application/json", "data": alert.json,
    ]
  }
}
