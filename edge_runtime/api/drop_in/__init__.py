"""What other programs' clients speak: OpenAI, Ollama, PhotoPrism and LibrePhotos.

Each protocol has a module that reads its requests and writes its answers; what a prompt
may ask, where the photo is and which model answers is decided once, for all of them.
"""
