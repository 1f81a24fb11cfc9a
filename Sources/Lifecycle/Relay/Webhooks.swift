import Access
public import Domain
import Encoding
public import Gates
import Provenance
import Synchronization

/// Tells webhooks what the ledger says, each from where it has come to.
///
/// Nothing waits for it: a commit is there whether anybody is told of it or not, and what is told is read from the ledger
/// afterwards. A crash after a delivery and before that is saved has it delivered again, under the same id.
public final class Webhooks: Sendable {
  /// How often the ledger is looked at.
  static let interval = Duration.seconds(1)
  /// How many entries are in memory at a time for one webhook.
  private static let page = 32
  /// After how many entries that say nothing to a webhook it is saved that they were looked at.
  private static let unsavedLimit = 1024

  /// What is known of a webhook between two looks at the ledger.
  private struct Standing {
    /// One task at a time goes on with it.
    var isBusy = false
    /// Up to where nothing is left to tell.
    var position = 0
    /// Before when there is nothing to try.
    var notBefore: Timestamp?
    /// What kept it from being told anything, as long as that lasts.
    var problem: Problem?
  }

  private let registry: any RegistryReader & LedgerReader
  private let rules: AccessRules
  let store: any WebhookStore
  private let sender: any WebhookSender
  private let ledger: String
  private let time: any TimeSource
  private let entropy: any Entropy
  // Whoever sets `isBusy` clears it.
  private let standings = Mutex([String: Standing]())

  init(
    registry: any RegistryReader & LedgerReader, rules: AccessRules, store: any WebhookStore,
    sender: any WebhookSender, ledger: String, time: any TimeSource, entropy: any Entropy
  ) {
    self.registry = registry
    self.rules = rules
    self.store = store
    self.sender = sender
    self.ledger = ledger
    self.time = time
    self.entropy = entropy
  }

  /// Goes on until the task is cancelled; tells what a person should see, once as long as nothing else is the matter.
  public func run(tell: @escaping @Sendable (Problem) -> Void) async {
    await withDiscardingTaskGroup { group in
      var told: Problem?
      while !Task.isCancelled {
        do throws(Problem) {
          for webhook in try await due() {
            // One that is slow holds up no other, and there are not more than `Webhook.limit` of them.
            group.addTask { for problem in await self.goOn(with: webhook) { tell(problem) } }
          }
          told = nil
        } catch {
          if error != told, !Task.isCancelled { tell(error) }
          told = error
        }
        try? await Task.sleep(for: Self.interval)
      }
    }
  }

  /// Goes on with every webhook until it has nothing to do; what a person should see.
  public func deliverAll() async throws(Problem) -> [Problem] {
    let due = try await due()
    return await withTaskGroup(of: [Problem].self) { group in
      for webhook in due { group.addTask { await self.goOn(with: webhook) } }
      return await group.reduce(into: []) { $0 += $1 }
    }
  }

  /// The webhooks that have something to do, each marked as busy.
  private func due() async throws(Problem) -> [Webhook] {
    let webhooks = try await registry.webhooks()
    let size = try await registry.checkpoint()?.size ?? 0
    let now = time.now()
    return standings.withLock { standings in
      let ids = Set(webhooks.map(\.id))
      standings = standings.filter { ids.contains($0.key) || $0.value.isBusy }
      return webhooks.filter { webhook in
        var standing = standings[webhook.id] ?? Standing()
        guard !standing.isBusy, standing.position < size, now.isPast(standing.notBefore)
        else { return false }
        standing.isBusy = true
        standings[webhook.id] = standing
        return true
      }
    }
  }

  /// Does something with a webhook that nobody else goes on with meanwhile.
  ///
  /// Throws `webhook.busy` where somebody does for ten seconds: a receiver has as long for its answer.
  func inTurn<Result: Sendable>(
    of webhook: Webhook, _ work: () async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    var isTaken = false
    for _ in 0..<500 where !isTaken {
      isTaken = standings.withLock { standings in
        guard standings[webhook.id]?.isBusy != true else { return false }
        standings[webhook.id, default: Standing()].isBusy = true
        return true
      }
      if !isTaken { try? await Task.sleep(for: .milliseconds(20)) }
    }
    guard isTaken else {
      throw Problem(
        .unavailable, "webhook.busy",
        "expected webhook '\(webhook.id)' to be at rest, found that it is being told something",
        hint: "try again when it has caught up, see 'gatehouse webhooks deliveries'")
    }
    defer { standings.withLock { $0[webhook.id]?.isBusy = false } }
    return try await work()
  }

  /// Tells a webhook all that there is to tell it now; what a person should see.
  private func goOn(with webhook: Webhook) async -> [Problem] {
    var notBefore: Timestamp?
    var problems: [Problem] = []
    var failure: Problem?
    do throws(Problem) {
      notBefore = try await advance(webhook, &problems)
    } catch {
      failure = error
      // What cannot be read or saved now may be in a while.
      notBefore = time.now().advanced(by: .seconds(30))
    }
    let told = standings.withLock { standings in
      let told = standings[webhook.id]?.problem
      standings[webhook.id]?.isBusy = false
      standings[webhook.id]?.notBefore = notBefore
      standings[webhook.id]?.problem = failure
      return told
    }
    // Once, as long as nothing else is the matter.
    if let failure, failure != told, !Task.isCancelled { problems.append(failure) }
    return problems
  }

  /// Tells a webhook all that there is to tell it now; before when there is nothing more to try.
  private func advance(_ webhook: Webhook, _ problems: inout [Problem]) async throws(Problem)
    -> Timestamp?
  {
    guard let endpoint = try await endpoint(of: webhook) else {
      // Removed since it was looked up; or a data directory that was restored without it.
      guard try await registry.webhooks().contains(webhook) else { return nil }
      throw .unreadableWebhook(webhook.id)
    }
    var progress = endpoint.progress
    let saved = progress.position
    if progress.attempts == 0 {
      progress.position = max(progress.position, standings.withLock { $0[webhook.id]?.position ?? 0 })
    }
    guard !progress.isStopped else { return time.now().advanced(by: .seconds(60)) }
    while !Task.isCancelled {
      let page = try await registry.entryBytes(from: progress.position, count: Self.page)
      guard !page.isEmpty else { break }
      for bytes in page {
        guard let entry = Self.entry(bytes), let event = try await event(of: entry, for: webhook) else {
          // What was tried may be told to this webhook no more: its model is another project's by now.
          progress = WebhookProgress(position: progress.position + 1)
          continue
        }
        guard progress.isDue(at: time.now()) else { return progress.notBefore }
        // Removed meanwhile, it is sent nothing that was not under way.
        guard try await store.endpoint(webhook.id) != nil else { return nil }
        let message = try await message(event, entry, at: progress.position, to: webhook)
        let answer = await sender.send(message.request(to: endpoint, at: time.now()))
        // An attempt that was cut off says nothing of the receiver.
        if Task.isCancelled, !answer.isTaken { return nil }
        let chance = Double(entropy.bytes(1).first ?? 0) / 255
        let (next, delivery) = progress.after(
          answer, to: event.rawValue, at: time.now(), chance: chance)
        // A crash before this has the event sent again, under the same id.
        try await store.save(next, of: webhook.id, delivery)
        if let problem = Self.notable(next, delivery, webhook) { problems.append(problem) }
        // What comes behind an event has its turn when that is over.
        guard next.position > progress.position else { return next.notBefore }
        progress = next
      }
    }
    let reached = progress.position
    standings.withLock { $0[webhook.id]?.position = reached }
    if reached - saved >= Self.unsavedLimit, progress.attempts == 0 {
      try await store.save(progress, of: webhook.id, nil)
    }
    return nil
  }

  /// Where a webhook is told; nil where that is not known, and throws `webhook.changed` where it is not what the ledger
  /// accounts for.
  func endpoint(of webhook: Webhook) async throws(Problem) -> WebhookEndpoint? {
    guard let endpoint = try await store.endpoint(webhook.id) else { return nil }
    guard endpoint.secret.binding(endpoint.url) == webhook.endpoint else {
      throw Problem(
        .integrity, "webhook.changed",
        "expected the URL and the secret that webhook '\(webhook.id)' was added with, found others",
        subject: webhook.id, hint: "remove it and add it again")
    }
    return endpoint
  }

  /// Sends an event once more, at once, in no order with others; what became of it.
  ///
  /// A webhook that was stopped goes on where it stood, if its receiver takes this one. Throws `webhook.no-event`, and
  /// `webhook.under-way` for an event that is going to be sent anyway.
  func redeliver(_ position: Int, to webhook: Webhook) async throws(Problem) -> WebhookDelivery {
    guard let endpoint = try await endpoint(of: webhook) else { throw .unreadableWebhook(webhook.id) }
    guard position >= 0, let bytes = try await registry.entryBytes(from: position, count: 1).first,
      let entry = Self.entry(bytes), let event = try await event(of: entry, for: webhook)
    else {
      throw Problem(
        .notFound, "webhook.no-event",
        "expected the number of an entry that webhook '\(webhook.id)' is told of, found \(position)",
        hint: "list them with 'gatehouse webhooks deliveries \(webhook.id)'")
    }
    let progress = endpoint.progress
    guard progress.isStopped || position < progress.position else {
      throw Problem(
        .conflict, "webhook.under-way",
        "expected an event that is delivered or dead, found one that is still to be delivered",
        subject: webhook.id, hint: "wait for it: webhook '\(webhook.id)' is at event \(progress.position)")
    }
    let message = try await message(event, entry, at: position, to: webhook)
    let answer = await sender.send(message.request(to: endpoint, at: time.now()))
    let former = try await store.deliveries(of: webhook.id).first { $0.position == position }
    let delivery = WebhookDelivery(
      position: position, event: event.rawValue, state: answer.isTaken ? .delivered : .dead,
      attempts: (former?.attempts ?? 0) + 1, answer: answer.line, at: time.now())
    guard progress.isStopped else {
      // How far it has come is for the task alone that goes on with it.
      try await store.save(nil, of: webhook.id, delivery)
      return delivery
    }
    guard answer.isTaken else { return delivery }
    let next = WebhookProgress(position: progress.position + (progress.position == position ? 1 : 0))
    try await store.save(next, of: webhook.id, delivery)
    standings.withLock { $0[webhook.id]?.notBefore = nil }
    return delivery
  }

  /// Removes what is kept of webhooks that the registry does not know: what a crash left of one that was being added, or
  /// removed.
  func sweep() async throws(Problem) {
    let known = Set(try await registry.webhooks().map(\.id))
    for endpoint in try await store.endpoints() where !known.contains(endpoint.id) {
      try await store.remove(endpoint.id)
    }
  }

  private static func entry(_ bytes: [UInt8]) -> LedgerEntry? {
    (try? JSON(parsing: bytes)).flatMap(LedgerEntry.init(json:))
  }

  private func event(of entry: LedgerEntry, for webhook: Webhook) async throws(Problem) -> WebhookEvent? {
    guard let event = WebhookEvent(of: entry), webhook.events.contains(event) else { return nil }
    guard let model = entry.model else { return webhook.isTold(of: event, nil) ? event : nil }
    // Before it has a version it is of the project that its push is for.
    let named = entry.details["project"]?.string.flatMap { try? ProjectName(parsing: $0) }
    let isThere = try await !registry.versions(of: model).isEmpty
    guard isThere || named != nil || webhook.isForEveryProject else { return nil }
    let project = isThere ? try await rules.current().project(of: model) : named ?? .standard
    return webhook.isTold(of: event, (model, project)) ? event : nil
  }

  private func message(
    _ event: WebhookEvent, _ entry: LedgerEntry, at position: Int, to webhook: Webhook
  ) async throws(Problem) -> WebhookMessage {
    var approvers: [Grant.Holder] = []
    if event == .waiting, let model = entry.model {
      approvers = try await rules.current().holders(of: .approve, on: .model(model), at: time.now())
        .sorted { $0.description < $1.description }
      // Nobody says yes to what they have pushed.
      let version = try await registry.versions(of: model).last { $0.reference.description == entry.subject }
      if let author = version?.pushedBy { approvers.removeAll { $0 == .principal(author) } }
    }
    return WebhookMessage(
      event, of: entry, at: position, of: ledger, to: webhook.id, approvers: approvers)
  }

  /// What a person should see of an answer.
  private static func notable(
    _ progress: WebhookProgress, _ delivery: WebhookDelivery?, _ webhook: Webhook
  ) -> Problem? {
    if progress.isStopped {
      return Problem(
        .unavailable, "webhook.gone",
        "expected the receiver of webhook '\(webhook.id)' at \(webhook.host), found that it says it is gone",
        hint:
          "remove it, or start it again with 'gatehouse webhooks redeliver \(webhook.id) \(progress.position)'"
      )
    }
    guard let delivery, delivery.state == .dead else { return nil }
    return Problem(
      .unavailable, "webhook.dead",
      "expected webhook '\(webhook.id)' at \(webhook.host) to take event \(delivery.position), found"
        + " '\(delivery.answer)' after \(delivery.attempts) attempts",
      hint: "send it again with 'gatehouse webhooks redeliver \(webhook.id) \(delivery.position)'")
  }
}

extension RegistryReader {
  /// Whom the platform tells what happens, by id.
  public func webhooks() async throws(Problem) -> [Webhook] {
    var all: [Webhook] = []
    for record in try await governance(.webhook, startingWith: "") {
      all.append(try Webhook(json: record.value))
    }
    return all
  }
}

extension Problem {
  /// Why a webhook that the registry knows cannot be told anything.
  static func unreadableWebhook(_ id: String) -> Problem {
    Problem(
      .integrity, "webhook.lost", "expected where webhook '\(id)' is told, found nothing kept of it",
      subject: id, hint: "remove it and add it again")
  }
}
