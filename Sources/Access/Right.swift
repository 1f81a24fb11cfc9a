/// What somebody may be allowed to do.
public enum Right: String, Sendable, CaseIterable, Comparable {
  /// See models, versions, deployments, aliases, their histories, and the ids of their keys; pull images.
  case view
  /// Read the ledger, its checkpoints and proofs.
  case audit
  /// Push versions, which go down the road as far as the policy lets them.
  case push
  /// Have the tests of a version run again.
  case test
  /// Give or refuse the approval that a policy asks for.
  case approve
  /// Roll out, roll back, and set how a deployment answers.
  case deploy
  /// Have an alias name another version, or none.
  case moveAlias = "move-alias"
  /// Make and revoke the keys that callers of a deployment present.
  case issueKeys = "issue-keys"
  /// Say what turned out to be true of rows that were predicted for.
  case giveFeedback = "give-feedback"
  /// Decide what becomes of an open threat.
  case decideThreats = "decide-threats"
  /// See what was refused and is kept.
  case investigate
  /// Withdraw versions for good.
  case revoke
  /// Rotate, trust, retire and revoke keys of seals.
  case manageSeals = "manage-seals"
  /// Say whose tokens callers of deployments may present.
  case manageIssuers = "manage-issuers"
  /// Put images of one's own into repositories, and remove images.
  case manageImages = "manage-images"
  /// Remove the blobs that nothing needs.
  case collect
  /// Say whom the platform tells what happens here.
  case manageWebhooks = "manage-webhooks"
  /// Import the advisories that versions are held against.
  case manageAdvisories = "manage-advisories"
  /// Propose a policy, and agree to one that somebody else proposed.
  case managePolicy = "manage-policy"
  /// Say who may do what: principals, grants, credentials, projects, providers of identities.
  case manageAccess = "manage-access"

  /// The order in which they are listed.
  public static func < (left: Right, right: Right) -> Bool { left.rawValue < right.rawValue }
}
