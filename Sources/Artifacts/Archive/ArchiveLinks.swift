/// The links of one archive, and where following them leads.
public struct ArchiveLinks: Sendable {
  /// A step of a path that leads to a link.
  private struct Node {
    var children: [Substring: Int] = [:]
    var target: String?
  }

  private struct Link {
    let name: String
    let target: String
    let isHard: Bool
    let offset: Int?
  }

  /// As many links as Linux follows on the way to one file.
  private static let hopLimit = 40

  private var nodes = [Node()]
  private var links: [Link] = []

  /// Begins without links.
  public init() {}

  /// Takes note of a link; the target of a hard link is a member's name, counted from the archive's root.
  public mutating func add(_ name: String, _ target: String, isHard: Bool, at offset: Int?) {
    links.append(Link(name: name, target: target, isHard: isHard, offset: offset))
    guard !isHard else { return }
    var node = 0
    let parts = ArchivePath.parts(of: ArchivePath.canonical(name))
    guard parts.count <= ArchivePath.depthLimit else { return }
    for part in parts {
      if let next = nodes[node].children[part] {
        node = next
      } else {
        nodes.append(Node())
        nodes[node].children[part] = nodes.count - 1
        node = nodes.count - 1
      }
    }
    nodes[node].target = target
  }

  /// What there is to say about the links, and about members whose names lead through one.
  public func irregularities(of members: [(name: String, offset: Int)]) -> [ArchiveIrregularity] {
    guard !links.isEmpty else { return [] }
    var found = links.map { link in
      let folder = link.isHard ? [] : ArchivePath.parts(of: ArchivePath.canonical(link.name)).dropLast()
      let isOutside = leaves(link.target, from: Array(folder))
      let quoted = "'\(link.target.escaped(limit: 100))'"
      return isOutside
        ? ArchiveIrregularity(
          .linkOutside, "expected links that stay inside the archive, found one to \(quoted)",
          member: link.name, at: link.offset)
        : ArchiveIrregularity(
          .link, "expected files and directories, found a link to \(quoted)", member: link.name,
          at: link.offset)
    }
    for member in members where leadsThroughLink(member.name) {
      found.append(
        ArchiveIrregularity(
          .path,
          "expected a name below the archive, found '\(member.name.escaped(limit: 100))', which leads through a"
            + " link", member: member.name, at: member.offset))
    }
    return found
  }

  private func leadsThroughLink(_ name: String) -> Bool {
    var node = 0
    for part in ArchivePath.parts(of: ArchivePath.canonical(name)).dropLast() {
      guard let next = nodes[node].children[part] else { return false }
      if nodes[next].target != nil { return true }
      node = next
    }
    return false
  }

  /// Whether a path, followed through the links on its way, leads out of the archive.
  private func leaves(_ target: String, from folder: [Substring]) -> Bool {
    guard !ArchivePath.isAbsolute(target) else { return true }
    // Where a path leads that no system takes is not worked out, and unknown is never clean.
    guard target.utf8.count <= 4_096, folder.count <= ArchivePath.depthLimit else { return true }
    var waiting = Array(folder + ArchivePath.parts(of: target)).reversed().map { $0 }
    // For each step the node it leads to; nil beside the paths of links.
    var stack: [Int?] = []
    var hops = 0
    while let part = waiting.popLast() {
      if part == "." { continue }
      if part == ".." {
        guard stack.popLast() != nil else { return true }
        continue
      }
      let above = stack.isEmpty ? 0 : stack.last ?? nil
      let node = above.flatMap { nodes[$0].children[part] }
      if let node, let next = nodes[node].target, hops < Self.hopLimit {
        hops += 1
        guard !ArchivePath.isAbsolute(next), next.utf8.count <= 4_096 else { return true }
        waiting += ArchivePath.parts(of: next).reversed()
      } else {
        stack.append(node)
      }
    }
    return false
  }
}
