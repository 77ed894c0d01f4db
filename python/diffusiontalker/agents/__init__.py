"""A face inside of a voice agent's process: for Pipecat, LiveKit Agents, and agents of your own (docs/guides/agent.md).

pipecat and livekit are imported by the modules of their names only."""

from diffusiontalker.agents.face import AgentFace, FaceService

__all__ = ["AgentFace", "FaceService"]
